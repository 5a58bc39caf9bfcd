"""Measures this api instance every 15 s and keeps an hour in memory, for the overview of the console."""
