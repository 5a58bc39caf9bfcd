"""What `make bench-growth` computes and writes, without servers."""
