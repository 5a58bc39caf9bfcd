"""Queries: payments with their timeline, the ledger, health, the backlog. Changes nothing."""
