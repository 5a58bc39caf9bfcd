"""The platform as its users start it, over HTTP."""
