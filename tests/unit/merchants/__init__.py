"""Unit tests of `payments/merchants`."""
