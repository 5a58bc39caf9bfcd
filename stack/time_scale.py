"""Shortens the times in alerting rules, for tests and pictures. Nothing else of the rules changes."""

import re
from typing import Final

LEAST_SECONDS: Final = 5
"""The shortest window: a rate needs several scrapes."""
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_HOLD: Final = re.compile(r"(?m)^( +(?:for|keep_firing_for): ).*$")
_WINDOW: Final = re.compile(r"\[(\d+)([smhd])\]")


def scaled(rules: str, hold: str | None = None, time_scale: int = 1) -> str:
    """Alerting rules with `hold` for every `for` and `keep_firing_for`, and every window divided by `time_scale`.

    None leaves the holds as they are, 1 the windows.
    """
    with_hold = rules if hold is None else _HOLD.sub(rf"\g<1>{hold}", rules)
    return with_hold if time_scale == 1 else _WINDOW.sub(lambda window: f"[{_shorter(window, time_scale)}s]", with_hold)


def _shorter(window: re.Match[str], time_scale: int) -> int:
    return max(LEAST_SECONDS, int(window[1]) * _SECONDS[window[2]] // time_scale)
