"""Payments at an acquirer: what a call means, who makes it, what limits calls, and what is stored of each."""
