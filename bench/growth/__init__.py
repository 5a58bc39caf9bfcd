"""`make bench-growth`: what an authorization costs with millions of payments stored, and while they are pruned."""
