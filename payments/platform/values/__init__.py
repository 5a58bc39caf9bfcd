"""Values and their rules: money, accounts, time zones, texts, and what must not be stored or logged."""
