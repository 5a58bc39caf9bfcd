"""Stand-ins for the packages of Grafana, Jenkins and ngrok where these cannot be downloaded."""
