"""Tests, by what they need: nothing (unit, repo), a database (contracts, stories), servers (integration, e2e).

The stories run on SQLite, too; `make unit` runs them and the unit tests.
"""
