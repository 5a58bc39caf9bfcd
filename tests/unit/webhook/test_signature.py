"""The signature is GitHub's, and no other is valid."""

import random
from collections.abc import Callable

from jenkins.webhook.signature import is_signed, sign

SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
DOCUMENTED = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

MUTATIONS = 10_000


def test_the_vector_that_github_documents() -> None:
    assert sign(SECRET, BODY) == DOCUMENTED
    assert is_signed(SECRET, BODY, DOCUMENTED)


def changed(data: bytes, chance: random.Random) -> bytes:
    """`data` with one bit flipped, one byte more or less, or two neighbours exchanged; never the same."""
    at = chance.randrange(len(data))
    ways: list[Callable[[], bytes]] = [
        lambda: data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :],
        lambda: data[:at] + data[at + 1 :],
        lambda: data[:at] + chance.randbytes(1) + data[at:],
        lambda: data[:at] + data[at : at + 2][::-1] + data[at + 2 :],
        lambda: data[:at],
    ]
    while (other := chance.choice(ways)()) == data:
        at = chance.randrange(len(data))
    return other


def test_no_mutation_passes() -> None:
    chance = random.Random(20_251_124)
    passed = []
    for number in range(MUTATIONS):
        secret, body, signature = SECRET.encode(), BODY, DOCUMENTED.encode()
        if number % 3 == 0:
            secret = changed(secret, chance)
        elif number % 3 == 1:
            body = changed(body, chance)
        else:
            signature = changed(signature, chance)
        try:
            if is_signed(secret.decode(), body, signature.decode("latin-1")):
                passed.append((secret, body, signature))
        except UnicodeDecodeError:  # such a secret cannot be set
            assert number % 3 == 0
            if is_signed(secret.decode("latin-1"), body, signature.decode()):
                passed.append((secret, body, signature))
    assert passed == []


def test_other_forms_of_the_same_digest_do_not_pass() -> None:
    digest = DOCUMENTED.removeprefix("sha256=")
    for other in (digest, f"sha1={digest}", f"SHA256={digest}", f"sha256={digest.upper()}", f" {DOCUMENTED}", "", "é"):
        assert not is_signed(SECRET, BODY, other)
