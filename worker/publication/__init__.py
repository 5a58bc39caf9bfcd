"""The relay's parts: claim and publish events, renew the lease, obey breaker commands, watch the cluster."""
