"""Group commit: collects money requests into batches, one transaction each."""
