"""Tests from outside on running machines, as a client, as an operator, and with faults."""
