"""What the benchmark computes and writes, without servers."""
