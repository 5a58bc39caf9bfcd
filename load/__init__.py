"""`make load`: runs a profile of k6/, compares the ledger with the answers to k6, and writes a report.

Uses the platform's HTTP API and the standard library only, so it runs on any machine with k6.
"""
