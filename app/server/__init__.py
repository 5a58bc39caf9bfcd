"""gunicorn's side: connections, framing, the worker that serves them."""
