"""Housekeeping's tasks: when they last succeeded, and their rests."""
