"""Expires authorizations and prunes old rows, throttled."""
