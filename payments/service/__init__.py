"""Use cases, shared by both faces: no Flask, no gevent, no Kafka client."""
