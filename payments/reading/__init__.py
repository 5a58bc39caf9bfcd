"""What is shown: payments with their timeline, the ledger, health and the backlog. Changes nothing."""
