"""Packages that stand in for Grafana, Jenkins and ngrok where the real ones cannot be had. They are not tests of them."""
