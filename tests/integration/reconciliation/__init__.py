"""Reconciliation of whole files of the simulator, on a real database."""
