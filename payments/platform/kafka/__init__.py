"""The relay's Kafka: its producer, the broker's answers, the topics."""
