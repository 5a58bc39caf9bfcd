"""One module for each group of routes; a view decodes, calls one function, and encodes."""
