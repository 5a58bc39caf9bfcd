"""Jenkins: its configuration, the pipeline with its tests, and the webhook that starts it."""
