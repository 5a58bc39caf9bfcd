"""Traces: their context from request to posting, and their way to a collector."""
