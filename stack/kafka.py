"""Apache Kafka 3.9 (KRaft, one node) as a private server, from Maven's jars.

`python -m stack.kafka` fetches the jars, and keeps an archive of classes that halves the CPU time of later starts.
"""

import base64
import re
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from stack import kafka_jars
from stack.certificates import BOTH, Leaf
from stack.ports import free_port
from stack.server import Server, ServerError, program

JAVA_PACKAGE = "default-jdk-headless"
QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
# The small heap works because of the two log.cleaner lines below; with C1 alone the start takes two thirds of the time.
SMALL_AND_QUICK = ("-Xms128m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
CLASSES = "classes.jsa"
"""Beside the jars: the class data archive of a running broker. Another JVM ignores it."""

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=CLIENT://127.0.0.1:{port}
listener.security.protocol.map=CONTROLLER:{protocol},CLIENT:{protocol}
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
num.partitions=6
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.io.buffer.size=262144
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""
WITH_TLS = """\
ssl.enabled.protocols=TLSv1.2,TLSv1.3
ssl.keystore.type=PEM
ssl.keystore.location={leaf}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
"""
KEYSTORE = "listener.name.client.ssl.keystore.location"


def new_cluster_id() -> str:
    """As Kafka makes them: none begins with a dash, which its tools take for an option."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        continue
    return made


class KafkaServer(Server):
    """One broker that is also the controller; every server is a cluster with its own cluster id.

    With `tls` clients, broker and controller speak TLS 1.2 and newer by that leaf, and nothing else.
    """

    name = "kafka"
    start_seconds = 60.0

    def __init__(self, java_options: Sequence[str] = SMALL_AND_QUICK, tls: Leaf | None = None) -> None:
        """Pick ports and a folder; nothing runs yet."""
        super().__init__()
        self.controller_port = free_port()
        self.cluster_id = new_cluster_id()
        self._java_options = tuple(java_options)
        self._leaf = tls
        self._jars = Path()

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def client_options(self) -> dict[str, Any]:
        """Options of a client that reaches it, and verifies it where there is TLS."""
        tls = {"security.protocol": "SSL", "ssl.ca.location": str(self._leaf.authority)} if self._leaf else {}
        return {"bootstrap.servers": self.bootstrap, **tls}

    def use(self, leaf: Leaf) -> None:
        """Show another leaf, of the same CA and names, to new connections, without a restart."""
        leaf.copy_to(self.folder)
        change = ConfigEntry(KEYSTORE, str(self.folder / BOTH), incremental_operation=AlterConfigOpType.SET)
        broker = ConfigResource(ConfigResource.Type.BROKER, "1", incremental_configs=[change])
        admin = AdminClient(self.client_options)
        for done in admin.incremental_alter_configs([broker]).values():
            done.result(self.start_seconds)

    def advertise(self, port: int) -> None:
        """Tell clients another port of this machine, where a proxy listens; restarts the broker."""
        properties = self.folder / "server.properties"
        text = properties.read_text()
        before = "advertised.listeners=CLIENT://127.0.0.1:"
        properties.write_text(re.sub(rf"(?m)^{re.escape(before)}\d+$", f"{before}{port}", text))
        self.restart()

    def reinstall(self) -> None:
        """Start it again without its data and with another cluster id, as after a new installation."""
        self.stop()
        shutil.rmtree(self.folder / "data")
        self.cluster_id = new_cluster_id()
        self._prepared = False
        self.start()

    def _prepare(self) -> None:
        program("java", JAVA_PACKAGE)
        self._jars = kafka_jars.fetch()
        data = self.folder / "data"
        (self.folder / "server.properties").write_text(self._properties(data))
        formatted = self._jars / "formatted"
        if not formatted.exists():
            self._format(formatted)
        shutil.copytree(formatted, data)
        meta = data / "meta.properties"
        lines = [line for line in meta.read_text().splitlines() if not line.startswith("cluster.id=")]
        meta.write_text("\n".join([*lines, f"cluster.id={self.cluster_id}", ""]))

    def _properties(self, data: Path) -> str:
        protocol = "SSL" if self._leaf else "PLAINTEXT"
        plain = PROPERTIES.format(port=self.port, controller_port=self.controller_port, data=data, protocol=protocol)
        if self._leaf is None:
            return plain
        self._leaf.copy_to(self.folder)
        return plain + WITH_TLS.format(leaf=self.folder / BOTH, authority=self._leaf.authority)

    def _format(self, formatted: Path) -> None:
        """Format a data folder once and copy it later: formatting needs a JVM, and only the cluster id differs."""
        command = [*self._java(), "kafka.tools.StorageTool", "format", "-t", self.cluster_id, "-c", "server.properties"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ServerError(f"Kafka's data folder could not be formatted.\n{done.stdout}{done.stderr}")
        unfinished = formatted.with_name(f"formatted-{uuid.uuid4().hex}")
        shutil.move(self.folder / "data", unfinished)
        try:
            unfinished.rename(formatted)
        except OSError:  # another process was first
            shutil.rmtree(unfinished)

    def _java(self) -> list[str]:
        kept = self._jars / CLASSES
        shared = [f"-XX:SharedArchiveFile={kept}"] if kept.exists() else []
        return [program("java", JAVA_PACKAGE), *self._java_options, *shared, QUIET, "-cp", f"{self._jars / 'libs'}/*"]

    def _command(self) -> list[str]:
        return [*self._java(), "kafka.Kafka", str(self.folder / "server.properties")]

    def _answers(self) -> bool:
        return answers(self.client_options, 1.0)


def answers(options: Mapping[str, Any], seconds: float) -> bool:
    """Whether a broker answers a metadata request; a broker without heap still accepts connections."""
    admin = AdminClient({**options, "log_level": 0, "socket.timeout.ms": 1000})
    try:
        return bool(admin.list_topics(timeout=seconds).brokers)
    except KafkaException:
        return False


def keep_classes() -> Path:
    """Run a broker once to keep its class archive, unless it exists; returns the jars' folder. Raises ServerError."""
    folder = kafka_jars.fetch()
    kept = folder / CLASSES
    if not kept.exists():
        unfinished = kept.with_suffix(f".{uuid.uuid4().hex}")
        with KafkaServer((*SMALL_AND_QUICK, f"-XX:ArchiveClassesAtExit={unfinished}")) as broker:
            broker.stop()  # a clean stop: a killed JVM writes no archive
        if unfinished.exists():  # not every JVM writes one; then each start takes its full time
            unfinished.rename(kept)
    return folder


if __name__ == "__main__":
    print(f"Kafka's jars are in {keep_classes() / 'libs'}.")
