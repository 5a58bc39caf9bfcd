"""The API as its users start it: gunicorn with our configuration, on a free port."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import requests

from stack.server import Server

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-24-characters"
ADMIN = {"Authorization": f"Bearer {TOKEN}"}


class ApiServer(Server):
    """gunicorn and its web workers. Settings are environment variables; None removes one."""

    name = "api"

    def __init__(self, database_url: str, redis_url: str, *, workers: int = 1, **settings: Any) -> None:
        """Pick a port and a folder; nothing runs yet."""
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "ADMIN_TOKEN": TOKEN,
            "PORT": str(self.port),
            "WEB_WORKERS": str(workers),
            "PROMETHEUS_MULTIPROC_DIR": str(self.folder / "metrics"),
            **{name: str(value) for name, value in settings.items()},
        }

    def _prepare(self) -> None:
        """Does nothing: the database is migrated already."""

    def _command(self) -> list[str]:
        gunicorn = [sys.executable, "-m", "gunicorn", "--chdir", str(ROOT)]
        return [*gunicorn, "-c", str(ROOT / "app" / "gunicorn.conf.py")]

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/live", timeout=1).status_code == 200
        except requests.RequestException:
            return False

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting."""
        os.kill(self.pid, signal.SIGTERM)

    def authorize(self, key: str, *, merchant_id: str = "M1", amount: int = 100, **more: Any) -> requests.Response:
        """Send one authorization, on a new connection."""
        body = {"merchantId": merchant_id, "amount": amount, "currency": "KRW", "idempotencyKey": key}
        return requests.post(f"{self.url}/payments/authorize", json=body, timeout=10, **more)

    def post(self, path: str, body: dict[str, Any], **more: Any) -> requests.Response:
        """Send one POST, on a new connection."""
        return requests.post(self.url + path, json=body, timeout=10, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        """Send one GET, on a new connection."""
        return requests.get(self.url + path, timeout=10, **more)


def samples(api: ApiServer) -> dict[str, float]:
    """The samples of /metrics, by name with labels."""
    lines = [line for line in api.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}
