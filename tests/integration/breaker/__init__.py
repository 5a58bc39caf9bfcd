"""Our circuit breaker against the real Resilience4j, step by step."""
