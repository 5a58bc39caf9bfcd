"""The acquirer's simulator: takes authorizations, captures, refunds and voids as an acquirer does, and fails on demand.

A program of its own (`python -m psp`) with its own file and clock; knows nothing of payments.
"""
