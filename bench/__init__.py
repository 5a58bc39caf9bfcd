"""`make bench`: measures the platform with all its real servers on this one machine. Asserts nothing; tests do that."""
