"""What merchants are paid: fees, batches and their cut-offs, payouts and their files, statements, adjustments."""
