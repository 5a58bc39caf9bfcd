"""Payments: rules, the batch transaction that changes them, idempotency, admission."""
