"""Starts servers and the platform's processes on one machine; knows nothing of payments."""
