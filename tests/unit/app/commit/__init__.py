"""What `app/commit` does without a server."""
