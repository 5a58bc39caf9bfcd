"""/shop/payments: the views of /payments for the shop's pages: its merchant alone, without a key.

They are the shop's own backend and not the API: not in /openapi.json. A credential that is sent is not looked at.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, g

from app.http.authentication import OfShop
from app.http.describing import describe, description_of
from app.http.measuring import SHOP
from app.routes import payments
from app.services import services

NAME: Final = "shop_payments"
blueprint = Blueprint(NAME, __name__, url_prefix=f"{SHOP}/payments")

_VIEWS: Final[tuple[tuple[str, str, Callable[..., Response]], ...]] = (
    ("POST", "/authorize", payments.authorize),
    ("POST", "/capture/<id:payment_id>", payments.capture),
    ("POST", "/refund/<id:payment_id>", payments.refund),
    ("POST", "/void/<id:payment_id>", payments.void),
    ("GET", "/<id:payment_id>", payments.show),
    ("GET", "", payments.index),
)


@blueprint.before_request
def act_for_the_shop() -> None:
    """Let the views act for the shop's merchant. Raises the errors of ShopMerchant.find."""
    g.caller = OfShop(services().shop.find())


def _add(method: str, path: str, view: Callable[..., Response]) -> None:
    def for_shop(**parameters: int) -> Response:
        return view(**parameters)

    if (described := description_of(view)) is None:
        raise TypeError(f"{view.__name__} has no description, so its query would not be checked")
    describe(replace(described, scopes=(), listed=False))(for_shop)
    blueprint.add_url_rule(path, view.__name__, for_shop, methods=[method])


for _method, _path, _view in _VIEWS:
    _add(_method, _path, _view)
