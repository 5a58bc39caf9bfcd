"""Unit tests of `worker/cli`."""
