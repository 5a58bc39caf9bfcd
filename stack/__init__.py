"""Brings servers and the platform's processes up on one machine; knows nothing of payments."""
