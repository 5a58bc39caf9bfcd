"""Payments at an acquirer, from outside: an api instance, MariaDB, Redis and the simulator as processes."""
