"""What `payments/ledger` does without a server."""
