"""`make load`: runs a profile of k6/, holds the ledger against what k6 was answered, and writes a report.

Knows the platform by HTTP alone and needs the standard library alone: it runs on any machine that has k6.
"""
