"""The programs of the stand-in packages: they use Debian's Python and its standard library only."""
