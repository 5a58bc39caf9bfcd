"""Guards: rules of this repository, each shown to find a planted breach."""
