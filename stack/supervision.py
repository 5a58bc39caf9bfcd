"""supervisord's configuration and its XML-RPC interface over a Unix socket. Does not know what the programs do."""

import os
import shlex
import signal
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport  # type: ignore[import-untyped]

from stack.parent_watchdog import bound_to_parent
from stack.state import State

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Program:
    """One supervised program; `waits`: another program starts it.

    One that ends within `start_seconds` has failed to start; one that is stopped has `stop_seconds` until SIGKILL.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False
    start_seconds: int = 1
    stop_seconds: int = 3


def configuration(state: State, groups: Mapping[str, Iterable[Program]]) -> str:
    """The text of supervisord.conf. Groups are started in order and stopped in reverse; a group's programs together."""
    programs = {name: list(members) for name, members in groups.items()}
    head = _HEAD.format(
        socket=_plain(state.socket), folder=_plain(state.folder), user="user=root" if os.geteuid() == 0 else ""
    )
    ranks = {name: rank for rank, name in enumerate(programs, start=1)}
    parts = [head]
    for name, members in programs.items():
        listed = ",".join(program.name for program in members)
        parts.append(f"[group:{name}]\nprograms={listed}\npriority={ranks[name]}\n")
        parts.extend(_section(program, state) for program in members)
    return "\n".join(parts)


def _section(program: Program, state: State) -> str:
    command = bound_to_parent(program.command, signal.SIGKILL)
    command[command.index(str(os.getpid()))] = "0"  # the parent is supervisord, whose pid is not known yet
    environment = ",".join(f'{name}="{value}"' for name, value in program.environment.items())
    return _PROGRAM.format(
        name=program.name,
        command=_plain(shlex.join(command)),
        environment=_plain(environment),
        log=_plain(state.logs / f"{program.name}.log"),
        autostart=str(not program.waits).lower(),
        start_seconds=program.start_seconds,
        stop_seconds=program.stop_seconds,
    )


def _plain(value: object) -> str:
    """Escape text for supervisord, whose only special character outside commands is %."""
    return str(value).replace("%", "%%")


class Supervisor:
    """A running supervisord, reached through its socket. OSError when none listens there, or it is ending."""

    def __init__(self, url: str) -> None:
        """`url` as in supervisord's SUPERVISOR_SERVER_URL: unix:///…/supervisor.sock."""
        transport = SupervisorTransport(None, None, url)
        self._rpc: Any = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def states(self) -> list[dict[str, Any]]:
        """The state of each process: name, group, statename, pid, description, exitstatus, spawnerr."""
        try:
            return list(self._rpc.getAllProcessInfo())
        except xmlrpc.client.Fault as error:
            if error.faultCode != Faults.SHUTDOWN_STATE:
                raise
            raise ConnectionAbortedError("supervisord is ending") from None

    def shutdown(self) -> None:
        """Ask supervisord to stop all its processes and end."""
        self._rpc.shutdown()

    def stop(self, name: str) -> None:
        """Stop `group:name` and wait for its end; it stays stopped."""
        self._rpc.stopProcess(name, True)

    def start(self, name: str) -> None:
        """Start `group:name` and wait until it runs."""
        self._rpc.startProcess(name, True)

    def restart(self, names: Iterable[str], seconds: float) -> None:
        """Stop the running ones of these `group:name`, then start all; TimeoutError after `seconds`."""
        names = list(names)
        for name in names:
            self._tolerate(Faults.NOT_RUNNING, "stopProcess", name)
        deadline = time.monotonic() + seconds
        while any(self._rpc.getProcessInfo(name)["statename"] == "STOPPING" for name in names):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{' and '.join(names)} did not stop within {seconds:g} s")
            time.sleep(POLL_SECONDS)
        for name in names:
            self._tolerate(Faults.ALREADY_STARTED, "startProcess", name)

    def _tolerate(self, fault: int, method: str, name: str) -> None:
        try:
            getattr(self._rpc, method)(name, False)
        except xmlrpc.client.Fault as error:
            if error.faultCode != fault:
                raise


_HEAD = """\
[unix_http_server]
file={socket}
chmod=0600

[supervisord]
nodaemon=true
silent=true
logfile={folder}/logs/supervisord.log
logfile_maxbytes=1MB
logfile_backups=1
pidfile={folder}/supervisord.pid
{user}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

_PROGRAM = """\
[program:{name}]
command={command}
environment={environment}
autostart={autostart}
autorestart=true
startsecs={start_seconds}
startretries=20
stopwaitsecs={stop_seconds}
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=1
"""
