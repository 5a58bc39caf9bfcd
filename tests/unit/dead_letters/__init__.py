"""What `payments/dead_letters` does without a server."""
