"""GitHub's webhook to Jenkins: its signature, its registration at GitHub, a test event."""

PATH = "/github-webhook/"
"""The path of Jenkins' GitHub plugin; the only one that the tunnel allows."""
