"""What `worker/cli` does without a server."""
