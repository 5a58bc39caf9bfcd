"""What merchants are paid: fees, batches, cut-offs, files."""
