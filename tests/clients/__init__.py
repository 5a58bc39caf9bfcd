"""The clients of the API, against real servers and planted faults; the pages that show how to call it, executed."""
