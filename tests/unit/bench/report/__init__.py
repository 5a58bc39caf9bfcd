"""Tables, pages and charts of measurements."""
