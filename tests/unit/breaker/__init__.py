"""What `payments/breaker` does without a server."""
