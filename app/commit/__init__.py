"""How money requests become group commits."""
