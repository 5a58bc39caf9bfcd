"""What every adapter and use case promises, on each database that we support."""
