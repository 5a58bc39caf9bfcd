"""The merchant that the shop pays for, which needs no key: a test merchant only, for everybody may use the shop.

What was read is kept as keys are (`verification`): for KEPT seconds, and until the epoch moves.
"""

from collections.abc import Callable
from dataclasses import dataclass

from payments.merchants.rules import MerchantState, Mode
from payments.merchants.store import Merchant
from payments.merchants.verification import KEPT
from payments.platform.clock import Clock
from payments.platform.errors import MerchantSuspended, ShopMerchantUnusable, ShopOff


@dataclass(frozen=True, slots=True)
class _Known:
    merchant: Merchant | None
    read_at: float
    epoch: int


class ShopMerchant:
    """What one process knows of the shop's merchant."""

    def __init__(
        self,
        merchant_id: str | None,
        read: Callable[[str], Merchant | None],
        epoch: Callable[[], int],
        clock: Clock,
    ) -> None:
        """`merchant_id` None: there is no shop. `read` raises ServiceUnavailable when the database does not answer;
        `epoch` is the newest one that this process has seen.
        """
        self._merchant_id = merchant_id
        self._read = read
        self._epoch = epoch
        self._clock = clock
        self._known: _Known | None = None

    def find(self) -> Merchant:
        """The merchant. Raises ShopOff, ShopMerchantUnusable, MerchantSuspended, or ServiceUnavailable while the
        database does not answer and the merchant is not known.
        """
        if self._merchant_id is None:
            raise ShopOff("This installation has no shop: APP_SHOP_MERCHANT is not set.")
        merchant = self._current(self._merchant_id)
        if merchant is None:
            raise ShopMerchantUnusable(f"There is no merchant {self._merchant_id} for the shop.")
        if merchant.mode is not Mode.TEST:
            raise ShopMerchantUnusable(
                f"Merchant {self._merchant_id} is {merchant.mode}: a shop needs a test merchant."
            )
        if merchant.state is MerchantState.SUSPENDED:
            raise MerchantSuspended
        return merchant

    def _current(self, merchant_id: str) -> Merchant | None:
        known, epoch, now = self._known, self._epoch(), self._clock()
        if known is not None and known.epoch == epoch and now - known.read_at < KEPT:
            return known.merchant
        found = self._read(merchant_id)
        self._known = _Known(found, now, epoch)  # of before the read: a change that commits meanwhile makes it old
        return found
