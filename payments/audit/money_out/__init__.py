"""The audit of settlement and reconciliation: their tables row by row, and the sums of the ledger against them."""
