"""The faces that live without HTTP: relay, ledger, housekeeping, and operators' commands."""
