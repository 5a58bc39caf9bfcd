"""Unit tests of `payments/dead_letters`."""
