"""Unit tests of `payments/audit`."""
