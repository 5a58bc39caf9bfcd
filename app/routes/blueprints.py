"""Every group of routes, in the order in which the application takes them."""

from typing import Final

from app.routes import (
    acquirer,
    api_keys,
    audit,
    breaker,
    dead_letters,
    docs,
    fee_schedules,
    health,
    ledger,
    merchant_settlements,
    merchants,
    operations,
    operator_actions,
    operator_commands,
    operator_payments,
    outbox,
    payments,
    payout_files,
    reconciliation,
    settlement_adjustments,
    settlement_steps,
    settlements,
    shop,
    shop_acquirer,
    shop_payments,
)

BLUEPRINTS: Final = tuple(
    routes.blueprint
    for routes in (
        payments,
        ledger,
        audit,
        dead_letters,
        outbox,
        breaker,
        operations,
        operator_actions,
        operator_commands,
        operator_payments,
        merchants,
        api_keys,
        health,
        docs,
        shop,
        shop_payments,
        shop_acquirer,
        acquirer,
        settlements,
        settlement_steps,
        settlement_adjustments,
        payout_files,
        fee_schedules,
        merchant_settlements,
        reconciliation,
    )
)
