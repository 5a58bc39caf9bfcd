"""Settlement files of acquirers against our operations, line by line, and what operators do about differences."""
