"""The dashboards as code. `make dashboards` writes them to grafana/dashboards/; nobody edits the JSON."""
