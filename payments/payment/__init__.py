"""What a payment is and does: its rules, the batch transaction that changes it, stored answers by key, admission."""
