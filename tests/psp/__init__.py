"""The simulator: its rules, its API over HTTP with every fault, kill -9, its page."""
