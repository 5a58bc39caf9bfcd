"""The parts of `make bench`, one file each; its `figures(session)` measures and gives rows of the table."""
