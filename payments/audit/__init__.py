"""Compares payments, outbox, stored answers and ledger; stores the differences as findings."""
