"""What every request passes: head, identity, limits, metrics, errors."""
