"""Figures as tables, pages of docs/ and charts. Measures nothing."""
