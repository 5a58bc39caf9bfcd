"""Redis: clients, and the windows of rate limits."""
