"""Tests, by what they need: nothing (unit, repo), a database (contracts, stories), servers (integration, e2e)."""
