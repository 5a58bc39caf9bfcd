"""Pure rules: money, payments, events, postings. Standard library only; time and ids are passed in."""
