"""`make bench`: measures the platform with real servers on this machine; asserts nothing."""
