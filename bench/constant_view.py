"""A Flask application that answers a constant: how fast this machine is today, for comparison. Loaded by gunicorn."""

from flask import Flask

app = Flask(__name__)


@app.post("/payments/authorize")
def authorize() -> str:
    """Answer a constant."""
    return "{}"
