"""What `app/server` does without a server."""
