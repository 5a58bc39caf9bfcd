"""Run as a program: imports the modules named on the command line and prints each side effect as a line.

Side effects: a socket, a child process, a thread, a variable of the environment read by the modules themselves.
"""

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

FORBIDDEN_EVENTS = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.fork", "os.system")
_PASSED_THROUGH = ("os", "_collections_abc", "collections.abc", "__main__")


class WatchedEnvironment(type(os.environ)):  # type: ignore[misc]  # the class has no public name
    """The environment; records which module reads which variable."""

    readers: ClassVar[set[tuple[str, str]]] = set()

    def _note(self, key: object) -> None:
        frame = sys._getframe(2)
        while frame.f_back and frame.f_globals.get("__name__") in _PASSED_THROUGH:
            frame = frame.f_back
        self.readers.add((str(frame.f_globals.get("__name__")), str(key)))

    def __getitem__(self, key: str) -> str:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self._note("all of it")
        return super().__iter__()


def side_effects(modules: list[str]) -> list[str]:
    """Import `modules` in this process; returns their side effects."""
    found: list[str] = []

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in FORBIDDEN_EVENTS:
            found.append(f"{event} {arguments!r}")
            raise PermissionError(f"an import did {event}")

    old = os.environ
    os.environ = WatchedEnvironment(  # noqa: B003  # the same variables, watched
        old._data,  # type: ignore[attr-defined]  # no public name
        old.encodekey,
        old.decodekey,
        old.encodevalue,
        old.decodevalue,
    )
    sys.addaudithook(watch)
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001  # each error is printed
            found.append(f"import of {name} failed: {error!r}")
    own = {name.split(".")[0] for name in modules}
    read = [(module, key) for module, key in WatchedEnvironment.readers if module.split(".")[0] in own]
    found += [f"{module} read {key} from the environment" for module, key in sorted(read)]
    found += [f"thread {thread.name}" for thread in threading.enumerate() if thread is not threading.main_thread()]
    return found


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in side_effects(sys.argv[1:])))
