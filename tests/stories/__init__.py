"""The ledger told as stories that an accountant can check."""
