"""Guards: what a review would look for, looked for by a machine. Each is shown to find a planted breach."""
