"""Relay and ledger with a real Kafka and a real MariaDB."""
