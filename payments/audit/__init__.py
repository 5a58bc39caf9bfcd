"""Holds payments, outbox, stored answers and ledger against each other, and keeps what it finds."""
