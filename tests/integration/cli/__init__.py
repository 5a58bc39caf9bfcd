"""Operators' commands (`worker/cli`) on real databases."""
