"""Packages that stand in for Grafana, Jenkins and ngrok where these cannot be had. They are no tests of them."""
