"""What a key is to be before it is made. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from payments.merchants.rules import ApiKey, KeyKind, Network, Scope


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a new key is to be. `merchant_id` None: an operator's key; no `scopes`: all of its kind."""

    merchant_id: str | None
    name: str
    scopes: Sequence[Scope] = ()
    allowed_networks: tuple[Network, ...] = ()
    lifetime: timedelta | None = None
    expires_at: datetime | None = None
    """Its end where there is no `lifetime`; None: it has none."""

    @property
    def kind(self) -> KeyKind:
        """Whose key it is."""
        return KeyKind.OPERATOR if self.merchant_id is None else KeyKind.MERCHANT

    def handed_down(self, granter: ApiKey) -> "NewKey":
        """With the granter's scopes, networks and end where they are left open."""
        return replace(
            self,
            scopes=self.scopes or tuple(granter.scopes),
            allowed_networks=self.allowed_networks or granter.allowed_networks,
            expires_at=granter.expires_at,
        )


def described(key: ApiKey) -> str:
    """A key for the log of operators' actions."""
    of = "operators" if key.merchant_id is None else f"merchant {key.merchant_id}"
    return f"{key.name}, of {of}: {' '.join(sorted(key.scopes))}"
