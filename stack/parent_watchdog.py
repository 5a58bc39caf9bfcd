"""Run a command that does not outlive its parent: `python -I -S parent_watchdog.py PARENT SIGNAL USER COMMAND...`.

The kernel sends SIGNAL when the thread that started the process ends (only on Linux).
It imports only the standard library, so that it starts in milliseconds.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def bound_to_parent(command: list[str], signum: signal.Signals = signal.SIGKILL, user: str = "") -> list[str]:
    """The same command, to which the kernel sends `signum` when its parent ends; run as `user` (a login name) if given.

    Call it in the thread that starts the process, and keep that thread alive as long as the process should run.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(signum)), user, *command]


def _become(user: str) -> None:
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def main(parent: str, signum: str, user: str, *command: str) -> None:
    """Replace this process by the command. Exits when the parent has ended already (parent 0: any parent)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if user:
        _become(user)  # before prctl: the kernel forgets the signal when the user changes
    # a shell cannot trap a signal that its parent ignores, as `make test &` does
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux" and libc.prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if int(parent) not in (0, os.getppid()):
        raise SystemExit(1)
    os.execvp(command[0], command)  # noqa: S606 (that is what it is for)


if __name__ == "__main__":
    main(*sys.argv[1:])
