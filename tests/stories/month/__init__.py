"""A month of a platform by a clock that the test moves: shops, an acquirer with errors in its files, operators."""
