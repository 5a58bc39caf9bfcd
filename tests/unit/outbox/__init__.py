"""Unit tests of `payments/outbox`."""
