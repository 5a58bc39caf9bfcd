"""What went over the bridge of the LXC machines: tcpdump's packets, and the TCP streams in them. Needs root.

Not for other providers: there the host sees nothing of what two machines say to each other.
"""

import shutil
import signal
import struct
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.servers import until

BRIDGE: Final = "payops0"
STOP_SECONDS: Final = 10
_FILE_HEADER, _PACKET_HEADER, _ETHERNET, _IPV4, _TCP = 24, 16, 14, 0x0800, 6


@dataclass(frozen=True)
class Capture:
    """A pcap file, also while it grows: tcpdump writes each packet at once."""

    file: Path

    def streams(self) -> dict[tuple[bytes, int, bytes, int], bytes]:
        """(source, port, target, port) → what was sent that way, in the order of its packets."""
        found: dict[tuple[bytes, int, bytes, int], bytearray] = defaultdict(bytearray)
        for frame in _frames(self.file.read_bytes()):
            if (segment := _segment(frame)) is not None:
                found[segment[0]] += segment[1]
        return {way: bytes(sent) for way, sent in found.items() if sent}

    def ports(self) -> set[int]:
        """Ports on either side of which something was sent."""
        return {port for _, source, _, target in self.streams() for port in (source, target)}

    def holds(self, text: str) -> bool:
        """Whether a stream has this text in clear, or any packet that is none of TCP."""
        wanted = text.encode()
        return wanted in self.file.read_bytes() or any(wanted in sent for sent in self.streams().values())


@contextmanager
def capturing(file: Path) -> Iterator[Capture]:
    """Capture all packets of the bridge within the block. AssertionError when the kernel dropped some."""
    program = shutil.which("tcpdump")
    assert program, "tcpdump is missing; scripts/install-servers.sh vms brings it"
    command = [
        program,
        "-i",
        BRIDGE,
        "-n",
        "-s",
        "0",
        "-B",
        "16384",
        "-U",
        "--immediate-mode",
        "-Z",
        "root",
        "-w",
        str(file),
    ]
    said = file.with_suffix(".log")
    with said.open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until(lambda: "listening on" in said.read_text() or process.poll() is not None, "tcpdump listens")
        assert process.poll() is None, said.read_text()
        yield Capture(file)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS)
    assert "0 packets dropped by kernel" in said.read_text(), said.read_text()


def _frames(text: bytes) -> Iterator[bytes]:
    """The frames of a pcap file; not one that is still being written."""
    order = "<" if text[:4] == b"\xd4\xc3\xb2\xa1" else ">"
    at = _FILE_HEADER
    while at + _PACKET_HEADER <= len(text):
        (length,) = struct.unpack_from(f"{order}I", text, at + 8)
        at += _PACKET_HEADER
        if at + length <= len(text):
            yield text[at : at + length]
        at += length


def _segment(frame: bytes) -> tuple[tuple[bytes, int, bytes, int], bytes] | None:
    """Whence and where a frame's TCP payload goes, and the payload; None for what is not TCP over IPv4."""
    if len(frame) < _ETHERNET + 20 or struct.unpack_from("!H", frame, 12)[0] != _IPV4:
        return None
    packet = frame[_ETHERNET:]
    header, total = (packet[0] & 15) * 4, struct.unpack_from("!H", packet, 2)[0]
    if packet[9] != _TCP or len(packet) < header + 20:
        return None
    source, target = struct.unpack_from("!HH", packet, header)
    payload = packet[header + (packet[header + 12] >> 4) * 4 : total]
    return (packet[12:16], source, packet[16:20], target), payload
