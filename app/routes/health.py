"""/health, for people and load balancers."""

from flask import Blueprint, Response

from app.api import encoding
from app.http.describing import Description, describe
from app.services import services
from app.transactions import read
from payments.platform import operations as operations_store
from payments.platform.errors import ServiceUnavailable
from payments.reading import health
from payments.reading.health import Health, HealthStatus, Part

blueprint = Blueprint("health", __name__)


def _probe(summary: str) -> Description:
    return Description(summary, "health", answers={200: Health, 503: Health}, limited=False)


def _answer(components: dict[str, Part]) -> Response:
    found = health.summary(_auth(), components)
    return encoding.answer(found, 503 if found.status is HealthStatus.DOWN else 200)


def _auth() -> str:
    return "required" if services().guard.required else "open"


@blueprint.get("/health")
@describe(_probe("All parts; DOWN only when the database is"))
def whole() -> Response:
    """Every component."""
    try:
        components = read(health.components)
    except ServiceUnavailable:
        components = health.without_database()
    components["redis"] = health.redis(services().admission.ping())
    return _answer(components)


@blueprint.get("/health/live")
@describe(Description("Whether the process answers", "health", answers={200: Health}, limited=False))
def live() -> Response:
    """Only the process."""
    return encoding.answer(Health(HealthStatus.UP, _auth(), {}))


@blueprint.get("/health/ready")
@describe(_probe("Whether payments can be taken: the database alone"))
def ready() -> Response:
    """Only the database."""
    try:
        read(operations_store.ping)
    except ServiceUnavailable:
        return _answer({"database": health.without_database()["database"]})
    return _answer({"database": health.DATABASE_UP})
