"""The gateway: a real Envoy with the configuration of role envoy, before a test's own instances."""
