"""The circuit breaker of the relay: rules, guard of a call, its row, operators' commands."""
