"""The HTTP face: decodes requests, calls `payments.service`, encodes answers."""
