"""The HTTP face: decodes requests, calls the use cases of `payments`, encodes answers."""
