"""Unit tests of `payments/payment`."""
