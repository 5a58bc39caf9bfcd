"""`python -m app`: prints the OpenAPI document, from the routes; it neither connects nor listens."""

import json
import sys

from flask import Flask

from app.api.openapi import document
from app.factory import Options, create_app


def unconnected() -> Flask:
    """The application with addresses where no server is."""
    return create_app(
        Options(
            database_url="sqlite:////nowhere/payops.db",
            redis_url="redis://127.0.0.1:1/0",
            limits=dict.fromkeys(("authorize", "capture", "refund"), (0, 60)),
            answer_ttl=1,
            read_capacity=0,
            writers=1,
            queue_size=1,
            authorization_lifetime=1.0,
            admin_token=None,
            trusted_proxies=0,
        )
    )


if __name__ == "__main__":
    json.dump(document(unconnected()), sys.stdout, indent=1)
