"""Unit tests of `payments/ledger`."""
