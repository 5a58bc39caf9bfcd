"""Calls to an acquirer: what they mean, and what limits them."""
