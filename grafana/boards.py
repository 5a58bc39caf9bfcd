"""Every dashboard, and its JSON text."""

import json
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana import acquirer, gateway, hosts, kafka, ledger, money_out, objectives, overview, servers
from grafana.board import Board, dashboard

BOARDS: Final[tuple[Board, ...]] = (
    overview.BOARD,
    gateway.BOARD,
    ledger.BOARD,
    acquirer.BOARD,
    money_out.BOARD,
    servers.BOARD,
    kafka.BOARD,
    hosts.BOARD,
    objectives.BOARD,
)


def texts() -> dict[str, str]:
    """File name → text; deterministic."""
    return {f"{board.uid}.json": text(board) for board in BOARDS}


def text(board: Board) -> str:
    """One dashboard as indented JSON."""
    return json.dumps(dashboard(board), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
