"""The version of this package, read by the build and sent as part of User-Agent."""

from typing import Final

__version__: Final = "0.1.0"
