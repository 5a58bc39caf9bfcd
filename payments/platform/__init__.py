"""Technical modules without business rules: database, clocks, Kafka, Redis, money, errors."""
