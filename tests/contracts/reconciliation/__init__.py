"""Reconciliation on both databases: imports, what is missing, what a file decides."""
