"""What `app/http` does without a server."""
