"""The tables of `paydb`, a module for each kind of thing that is stored."""
