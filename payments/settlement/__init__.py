"""What merchants are paid: fees, batches, cut-offs, payout files, statements. Rules alone, which nothing uses yet."""
