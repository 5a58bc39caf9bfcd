"""The HTTP API on real databases and a real Redis, called in this process."""
