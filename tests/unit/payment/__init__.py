"""What `payments/payment` does without a server."""
