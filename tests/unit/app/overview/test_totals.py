"""The totals of all web workers, from prometheus_client's files, are those that a scrape shows."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from app.http.measuring import BUCKETS
from app.overview.totals import BOUNDS, FilesOfWorkers, Totals, of_process
from payments.metrics import OUTCOMES, ApiMetrics

NONE = dict.fromkeys(OUTCOMES, 0)
SECONDS = "flask_http_request_duration_seconds"
WORKER = """
import sys
from prometheus_client import CollectorRegistry, Histogram
from app.http.measuring import BUCKETS
from payments.metrics import ApiMetrics

registry = CollectorRegistry()
metrics = ApiMetrics(registry)
metrics.payments.labels("authorize", "succeeded").inc(int(sys.argv[1]))
metrics.payments.labels("capture", "succeeded").inc(2)
metrics.payments.labels("void", "conflict").inc(1)
metrics.amount.labels("authorize", "KRW").inc(1000)
seconds = Histogram(
    "flask_http_request_duration_seconds", "", ["method", "url_rule", "status"], buckets=BUCKETS, registry=registry
)
for method, url_rule, status, value in (
    ("POST", "/payments/authorize", 200, 0.003),
    ("POST", "/payments/capture/<id:payment_id>", 409, 0.02),
    ("POST", "/payments/authorize", 200, 60),
    ("GET", "/payments/<id:payment_id>", 200, 0.003),
    ("POST", "/dead-letters/<id:letter_id>/replay", 200, 0.003),
):
    seconds.labels(method, url_rule, status).observe(value)
"""
EXPECTED_BUCKETS = tuple(
    float(sum(value <= bound and (number == 0 or value > BOUNDS[number - 1]) for value in (0.003, 0.02, 60.0)))
    for number, bound in enumerate(BOUNDS)
)


def work(folder: Path, count: int) -> None:
    """A web worker that counts, and ends."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    subprocess.run([sys.executable, "-c", WORKER, str(count)], env=environment, check=True)


def test_the_totals_of_several_workers_are_added(tmp_path: Path) -> None:
    read = FilesOfWorkers(tmp_path)
    assert read.read() == Totals({}, (0.0,) * len(BOUNDS))
    work(tmp_path, 5)
    first = read.read()
    assert first.outcomes == {**NONE, "succeeded": 7, "conflict": 1}
    assert first.buckets == EXPECTED_BUCKETS
    work(tmp_path, 10)
    second = read.read()
    assert second.outcomes == {**NONE, "succeeded": 19, "conflict": 2}
    assert second.buckets == tuple(2 * count for count in EXPECTED_BUCKETS)


def test_a_process_alone_has_the_same_totals() -> None:
    registry = CollectorRegistry()
    metrics = ApiMetrics(registry)
    metrics.payments.labels("authorize", "succeeded").inc(3)
    metrics.payments.labels("refund", "failed").inc()
    seconds = Histogram(SECONDS, "", ["method", "url_rule", "status"], buckets=BUCKETS, registry=registry)
    for value in (0.003, 0.02, 60.0):
        seconds.labels("POST", "/payments/authorize", 200).observe(value)
    seconds.labels("GET", "/payments", 200).observe(0.003)
    found = of_process([registry])
    assert found.outcomes == {**NONE, "succeeded": 3, "failed": 1}
    assert found.buckets == EXPECTED_BUCKETS


def test_names_that_begin_alike_are_not_counted(tmp_path: Path) -> None:
    file = MmapedDict(str(tmp_path / "counter_1.db"))
    for metric, name in (("payments", "payments_created"), ("payments_amount", "payments_amount_total")):
        file.write_value(mmap_key(metric, name, ["outcome"], ["succeeded"], ""), 9.0, 0.0)
    file.write_value(mmap_key("payments", "payments_total", ["outcome"], ["failed"], ""), 1.0, 0.0)
    file.close()
    assert FilesOfWorkers(tmp_path).read().outcomes == {"failed": 1}


def test_a_file_that_is_broken_is_not_read_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "counter_1.db").write_bytes(b"")
    with pytest.raises(struct.error):
        FilesOfWorkers(tmp_path).read()
