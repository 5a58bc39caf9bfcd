"""What every request passes, whatever it asks: head, identity, limits, measuring, errors."""
