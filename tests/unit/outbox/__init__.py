"""What `payments/outbox` does without a server."""
