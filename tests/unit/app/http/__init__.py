"""Unit tests of `app/http`."""
