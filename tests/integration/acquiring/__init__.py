"""Payments at the acquirer's simulator, with housekeeping's rounds."""
