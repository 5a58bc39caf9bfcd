"""What has no business in it: database, clocks, Kafka, Redis, traces, money, errors, the operators' trail."""
