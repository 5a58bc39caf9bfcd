"""Unit tests of `payments/breaker`."""
