"""Unit tests of `app/commit`."""
