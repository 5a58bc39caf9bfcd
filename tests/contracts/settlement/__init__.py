"""Settlement on both databases."""
