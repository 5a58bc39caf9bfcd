"""The socket that buffers an answer's head until its body is written."""

from app.server.web_worker import _HELD_LIMIT, _Held


class Wire:
    """A socket that records its calls."""

    def __init__(self) -> None:
        self.done: list[bytes | str] = []
        self.at_once = 1 << 20

    def send(self, data: bytes) -> int:
        self.done.append(bytes(data[: self.at_once]))
        return min(len(data), self.at_once)

    def sendall(self, data: bytes) -> None:
        self.done.append(bytes(data))

    def close(self) -> None:
        self.done.append("close")


def test_what_is_written_leaves_at_once() -> None:
    wire = Wire()
    held = _Held(wire)
    held.sendall(b"head")
    held.sendall(b"body")
    assert wire.done == []
    held.flush()
    held.flush()
    assert wire.done == [b"headbody"]


def test_anything_else_comes_after_what_was_written() -> None:
    wire = Wire()
    held = _Held(wire)
    held.sendall(b"head")
    held.close()
    assert wire.done == [b"head", "close"]


def test_much_is_not_kept() -> None:
    wire = Wire()
    held = _Held(wire)
    held.sendall(b"head")
    held.sendall(b"x" * _HELD_LIMIT)
    assert wire.done == [b"head" + b"x" * _HELD_LIMIT]


def test_what_the_kernel_does_not_take_at_once_follows() -> None:
    wire = Wire()
    wire.at_once = 3
    held = _Held(wire)
    held.sendall(b"head")
    held.flush()
    assert wire.done == [b"hea", b"d"]
