"""What the same load costs a Flask view that answers a constant, under the same gunicorn: the floor of this machine."""

import sys

import psutil
import requests

from bench import k6
from stack.platform import ROOT
from stack.server import Server


class ConstantServer(Server):
    """`bench.constant_view` under gunicorn with one gevent worker."""

    name = "constant"

    def _prepare(self) -> None:
        self.environment = {"PYTHONPATH": str(ROOT)}

    def _command(self) -> list[str]:
        options = ["--worker-class", "gevent", "--bind", f"127.0.0.1:{self.port}"]
        return [sys.executable, "-m", "gunicorn", *options, "bench.constant_view:app"]

    def _answers(self) -> bool:
        try:
            return requests.post(f"http://127.0.0.1:{self.port}/payments/authorize", timeout=1).ok
        except requests.RequestException:
            return False


def cpu_per_request(rate: int, seconds: int, repeats: int) -> list[float]:
    """CPU milliseconds that the web worker spends on a request at `rate` a second, for each repetition."""
    spent = []
    with ConstantServer() as server:
        (worker,) = psutil.Process(server.pid).children()
        for _ in range(repeats):
            before = sum(worker.cpu_times()[:2])
            result = k6.run(f"http://127.0.0.1:{server.port}", rate, seconds)
            spent.append((sum(worker.cpu_times()[:2]) - before) * 1000 / result.requests)
    return spent
