"""GitHub's webhook to Jenkins: its signature, its registration at GitHub, a test event."""

PATH = "/github-webhook/"
"""Where Jenkins' GitHub plugin listens; the only path that the tunnel lets through."""
