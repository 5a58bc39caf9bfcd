"""/shop/acquirer: where the shop's pages get a token for a card, so that no card number comes to the platform."""

from dataclasses import dataclass
from typing import Annotated

from flask import Blueprint, Response

from app.api import encoding
from app.http.describing import Description, describe
from app.http.measuring import SHOP
from app.services import services
from payments.platform.connectors import ConnectorName
from payments.platform.json_types import JsonObject, OneOf

blueprint = Blueprint("shop_acquirer", __name__, url_prefix=f"{SHOP}/acquirer")


@dataclass(frozen=True, slots=True)
class ShopAcquirer(JsonObject):
    """Where the shop's merchant is paid. `tokensUrl` and `publishableKey` are null where browsers get no tokens."""

    connector: Annotated[str, OneOf(ConnectorName)]
    tokens_url: str | None
    publishable_key: str | None


@blueprint.get("")
@describe(
    Description(
        "Where the shop's pages get tokens of cards",
        "shop",
        answers={200: ShopAcquirer},
        problems=(403, 404, 429, 503),
        listed=False,
    )
)
def show() -> Response:
    """The acquirer of the shop's merchant. Raises the errors of ShopMerchant.find."""
    parts = services()
    merchant, tokens = parts.shop.find(), parts.tokens
    if tokens is None or merchant.connector == ConnectorName.NONE:
        return encoding.answer(ShopAcquirer(merchant.connector, None, None))
    return encoding.answer(ShopAcquirer(merchant.connector, tokens.url, tokens.publishable_key))
