"""Many commands at once: exactly those that the amounts allow succeed. And a deadline that has passed."""

import json
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, func, select

from payments.payment import store as payment_store
from payments.platform.tables.payments import payment
from tests.contracts.answers import captured, new_payment_id, status_or_code
from tests.contracts.commands import authorize, capture, carry_out, refund


def test_a_deadline_that_is_over_touches_nothing(engine: Engine) -> None:
    results = carry_out(engine, authorize("a"), authorize("b"), seconds=-1)
    assert [status_or_code(result) for result in results] == ["SERVICE_UNAVAILABLE"] * 2
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(payment)).scalar_one() == 0


def test_fifty_parallel_captures_have_the_winners_that_the_amount_allows(engine: Engine) -> None:
    payment_id = new_payment_id(engine, "p")
    with ThreadPoolExecutor(50) as pool:
        runs = [pool.submit(carry_out, engine, capture(payment_id, f"c{n}", 900), seconds=60) for n in range(50)]
        answers = sorted(status_or_code(run.result(90)[0]) for run in runs)
    assert answers == ["CAPTURE_CONFLICT"] * 39 + ["PARTIALLY_CAPTURED"] * 11
    assert captured(engine) == 9900


def test_parallel_refunds_and_captures_in_batches_keep_the_sums(engine: Engine) -> None:
    ids = [new_payment_id(engine, f"p{n}") for n in range(4)]
    batches = [
        [
            (capture if n % 2 else refund)(payment_id, f"{payment_id}-{n}", 700)
            for payment_id in (ids if n % 3 else reversed(ids))
        ]
        for n in range(30)
    ]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda batch: carry_out(engine, *batch, seconds=60), batches))
    assert not [result.error for batch in results for result in batch if result.error]
    with engine.connect() as connection:
        for payment_id in ids:
            stored = payment_store.get(connection, payment_id)
            bodies = [json.loads(r.body) for batch in results for r in batch if r.status == 200]
            steps = [b["message"] for b in bodies if b["paymentId"] == payment_id]
            assert stored is not None
            assert stored.captured_amount == 700 * steps.count("Payment captured successfully")
            assert stored.refunded_amount == 700 * steps.count("Payment refunded successfully")
