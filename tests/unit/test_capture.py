"""tests/vm/capture.py on a made file: what it finds of a text that went in two packets."""

from pathlib import Path

from tests.vm.capture import Capture


def test_a_capture_is_read_as_it_was_sent(tmp_path: Path) -> None:
    file = tmp_path / "made.pcap"
    ethernet, address = b"\0" * 12 + b"\x08\x00", b"\x7f\0\0\1"
    tcp = (40000).to_bytes(2) + (443).to_bytes(2) + b"\0" * 8 + b"\x50" + b"\0" * 7
    packets = []
    for payload in (b"half of ", b"a text"):
        ip = b"\x45\0" + (40 + len(payload)).to_bytes(2) + b"\0" * 5 + b"\6" + b"\0\0" + address * 2
        frame = ethernet + ip + tcp + payload + b"padding"
        packets.append(b"\0" * 8 + len(frame).to_bytes(4, "little") * 2 + frame)
    file.write_bytes(b"\xd4\xc3\xb2\xa1" + b"\0" * 20 + b"".join(packets) + b"\0" * 10)
    assert Capture(file).streams() == {(address, 40000, address, 443): b"half of a text"}
    assert Capture(file).holds("half of a text")
    assert not Capture(file).holds("padding of")
