"""Settlement files: what is read, what is refused, what is matched with what."""
