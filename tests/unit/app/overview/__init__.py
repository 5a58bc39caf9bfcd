"""The measurements for the overview."""
