"""The names of connectors: ways to an acquirer. A merchant chooses one, and each of its payments keeps it."""

from enum import StrEnum


class ConnectorName(StrEnum):
    """`none`: nobody is asked; what the platform says is all there is."""

    NONE = "none"
    SIMULATOR = "simulator"
