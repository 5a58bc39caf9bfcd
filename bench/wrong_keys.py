"""Keys that are refused: junk, keys of unknown ids, other secrets of a known id. The last two have right checksums."""

import secrets
from typing import Final

from payments.merchants.key_form import Prefix, new_key

KINDS: Final = ("junk", "unknown", "known")


def wrong_key(kind: str, known: str) -> str:
    """A new key of one of KINDS; `known`: the id of a key that is stored."""
    key_id = iter(known if kind == "known" else "")
    key = new_key(Prefix.TEST, lambda letters: next(key_id, None) or secrets.choice(letters)).text
    return key[:-1] + ("0" if key[-1] != "0" else "1") if kind == "junk" else key
