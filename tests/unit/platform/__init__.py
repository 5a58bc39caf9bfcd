"""Unit tests of `payments/platform`."""
