"""The webhook from GitHub to Jenkins, against local servers that answer as GitHub, ngrok's agent and Jenkins do."""
