"""Kafka's jars from Maven Central, fetched once into `.cache/`."""

from pathlib import Path

from stack import maven

POM = Path(__file__).with_name("kafka-pom.xml")


def fetch() -> Path:
    """The folder of the jars, after fetching them when they are missing. ServerError when that fails."""
    return maven.fetch(POM, "kafka")
