"""Operators' commands about merchants and keys, and what all commands at a terminal share."""
