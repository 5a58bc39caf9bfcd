"""One Kafka that shows each of its leaves on a port of its own: a broker takes seconds to start."""

from pathlib import Path
from typing import Final

from stack.certificates import BOTH, Leaf
from stack.kafka import SMALL_AND_QUICK, KafkaServer
from stack.ports import free_port

MORE: Final = """\
listeners=CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},EXPIRED://127.0.0.1:{expired},OLD://127.0.0.1:{old}
advertised.listeners=CLIENT://127.0.0.1:{port},EXPIRED://127.0.0.1:{expired},OLD://127.0.0.1:{old}
listener.security.protocol.map=CONTROLLER:SSL,CLIENT:SSL,EXPIRED:SSL,OLD:SSL
listener.name.expired.ssl.keystore.type=PEM
listener.name.expired.ssl.keystore.location={leaf}
listener.name.old.ssl.enabled.protocols=TLSv1.1
"""
"""Of a property that is there twice the last counts."""


class ManyListeners(KafkaServer):
    """The right leaf at `port`, one that has ended at `expired_port`, and TLS 1.1 alone at `old_port`."""

    def __init__(self, right: Leaf, expired: Leaf) -> None:
        """Pick ports; nothing runs yet."""
        super().__init__(tls=right)
        self.expired_port, self.old_port = free_port(), free_port()
        self._expired = expired
        weaker = self.folder / "java.security"
        weaker.write_text("jdk.tls.disabledAlgorithms=SSLv3\n")  # Java's own list has TLS 1.1
        self._java_options = (*SMALL_AND_QUICK, f"-Djava.security.properties={weaker}")

    def _properties(self, data: Path) -> str:
        folder = self.folder / "expired"
        folder.mkdir()
        self._expired.copy_to(folder)
        return super()._properties(data) + MORE.format(
            port=self.port,
            controller=self.controller_port,
            expired=self.expired_port,
            old=self.old_port,
            leaf=folder / BOTH,
        )
