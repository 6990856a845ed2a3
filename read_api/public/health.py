"""Is the process alive, and can it serve? Says which part is not well, and no more than that."""

from collections.abc import Callable

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from schemas.http.health import Alive, Readiness

HealthChecks = Callable[[], dict[str, str]]


@get(
    "/livez",
    sync_to_thread=False,
    opt={"public": True, "unlimited": True},
    summary="Alive?",
    tags=["health"],
)
def get_livez() -> Alive:
    """Answer."""
    return Alive()


@get("/readyz", sync_to_thread=True, opt={"public": True}, summary="Ready?", tags=["health"])
def get_readyz(health: NamedDependency[SkipValidation[HealthChecks]]) -> Response[Readiness]:
    """Answer 200 when requests can be served; a part may be degraded."""
    return _answer(health)


@get("/startupz", sync_to_thread=True, opt={"public": True}, summary="Started?", tags=["health"])
def get_startupz(health: NamedDependency[SkipValidation[HealthChecks]]) -> Response[Readiness]:
    """Answer 200 once the database is there and migrated."""
    return _answer(health)


def _answer(health: HealthChecks) -> Response[Readiness]:
    checks = health()
    ready = "down" not in checks.values()
    return Response(
        Readiness(status="ready" if ready else "not ready", checks=checks),
        status_code=HTTP_200_OK if ready else HTTP_503_SERVICE_UNAVAILABLE,
    )
