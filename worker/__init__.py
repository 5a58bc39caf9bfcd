"""The worker processes: relay, ledger, housekeeping, and operators' commands."""
