r"""Rules of stored texts: what counts as white space, and which characters a reason may have.

The patterns are for JSON Schema and say the same as the functions, without `\s`, which each language defines in its
own way. Card numbers and API keys are `payments.platform.values.sensitive`.
"""

import re
from typing import Final

_WHITE_SPACE: Final = r"\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Python's `str.isspace` takes for white space."""
_CONTROLS: Final = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"
"""C0 and C1, line and paragraph separators, embeddings, overrides and isolates of the writing direction: in a reason
they could forge lines, or reverse what an operator reads."""

NOT_BLANK: Final = f"[^{_WHITE_SPACE}]"
"""A text that is not only white space: identifiers, which may have any character."""
PROSE: Final = f"^[^{_CONTROLS}]*[^{_CONTROLS}{_WHITE_SPACE}][^{_CONTROLS}]*$"
"""A text that is not only white space and has no control character: reasons, which people read."""

_VISIBLE: Final = re.compile(NOT_BLANK)
_CONTROL: Final = re.compile(f"[{_CONTROLS}]")


def fault(text: str) -> str | None:
    """Why `text` cannot be stored as an identifier (completes "NAME …"); None when it can."""
    return None if _VISIBLE.search(text) else "must not be only white space"


def fault_of_prose(text: str) -> str | None:
    """Why `text` cannot be stored as a reason (completes "NAME …"); None when it can."""
    if _CONTROL.search(text) and _VISIBLE.search(text):
        return "must not contain control characters, line separators or controls of the writing direction"
    return fault(text)
