"""Rules of the HTTP face that need no server."""
