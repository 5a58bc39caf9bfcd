"""Stories of the ledger that an accountant can check."""
