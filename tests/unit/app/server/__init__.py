"""Unit tests of `app/server`."""
