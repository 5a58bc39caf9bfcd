"""Alerting rules with short times, so that a test or a picture need not wait for hours; else they stay the same."""

import re
from typing import Final

LEAST_SECONDS: Final = 5
"""No window gets shorter: a rate needs several scrapes."""
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_HOLD: Final = re.compile(r"(?m)^( +(?:for|keep_firing_for): ).*$")
_WINDOW: Final = re.compile(r"\[(\d+)([smhd])\]")


def hurried(rules: str, hold: str | None = None, haste: int = 1) -> str:
    """The text of a file of rules with `hold` for every `for` and `keep_firing_for`, and windows divided by `haste`.

    None leaves the one, 1 the other.
    """
    held = rules if hold is None else _HOLD.sub(rf"\g<1>{hold}", rules)
    return held if haste == 1 else _WINDOW.sub(lambda window: f"[{_shorter(window, haste)}s]", held)


def _shorter(window: re.Match[str], haste: int) -> int:
    return max(LEAST_SECONDS, int(window[1]) * _SECONDS[window[2]] // haste)
