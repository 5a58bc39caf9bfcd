"""What the workers decide, without servers."""
