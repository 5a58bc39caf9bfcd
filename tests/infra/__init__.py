"""Checks of the machines, from inside them: testinfra over ssh."""
