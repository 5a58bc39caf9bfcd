"""The circuit breaker between relay and Kafka: its rules, the guard around a call, what others see and ask."""
