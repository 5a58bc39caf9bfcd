"""Every link by TLS, with real servers."""
