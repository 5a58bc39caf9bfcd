"""The HTTP API: decodes requests, calls the use cases of `payments`, encodes answers."""
