"""What `app/api` does without a server."""
