"""Every sentence that the commands about merchants and keys print, except JSON and the options' help."""

from typing import Final

NO_PEPPER: Final = "APP_KEY_PEPPER is not set: keys are hashed with it, so that a stolen table opens nothing."
WHICH_KEY: Final = "The key (it is not shown): "
NO_KEY: Final = "Standard input must be one API key: po_, its kind, its id, and its secret with the right checksum."
NO_ACCOUNT: Final = "Say --time-zone, --iban or --no-iban."
NO_OUTPUT: Final = "Standard output is closed."
SHOWN_ONCE: Final = "This is the only time that the key is shown."


def unusable(database: str, error: object) -> str:
    """`database`: its URL without the password."""
    return f"The database {database} cannot be used: {error}"
