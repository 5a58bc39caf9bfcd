"""Payments at an acquirer: what a call means, the connector that makes it, and what limits calls. Stores nothing."""
