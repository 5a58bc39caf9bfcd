"""What the stand-in packages run on a VM: Debian's Python and its standard library, nothing of this repository."""
