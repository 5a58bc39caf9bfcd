"""The shop and the console in a real browser, on a real platform."""
