"""The dashboards as code; `make dashboards` writes them to grafana/dashboards/, never by hand."""
