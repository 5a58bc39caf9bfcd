"""Settlement files of acquirers against our operations, line by line. The platform does not use it yet."""
