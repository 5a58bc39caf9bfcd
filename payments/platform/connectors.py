"""The names of connectors, as merchants and payments have them. What a connector is: `payments.acquiring.connector`."""

from enum import StrEnum


class ConnectorName(StrEnum):
    """Where a payment's money is held: at an acquirer, or nowhere but in our ledger."""

    NONE = "none"
    """No acquirer: the platform approves at once."""
    SIMULATOR = "simulator"
