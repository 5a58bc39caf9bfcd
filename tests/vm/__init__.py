"""Proofs from outside on running machines: what a client, an operator or a fault would do to them."""
