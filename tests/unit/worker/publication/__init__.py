"""What the relay decides, without servers."""
