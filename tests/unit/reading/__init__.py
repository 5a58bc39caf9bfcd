"""Unit tests of `payments/reading`."""
