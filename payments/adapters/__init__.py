"""The outside world, one module per thing: the database's tables, Redis, Kafka, clocks."""
