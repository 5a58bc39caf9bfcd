"""What `payments/platform` does without a server."""
