"""The business of payops: what a payment is, how it changes, what it posts. Knows no HTTP and no Kafka loop."""
