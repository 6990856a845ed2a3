"""A machine by name, as its owner knows it: "Firefox on Linux"; the header itself is not kept."""

from typing import Any

from litestar import Request

# The first that is named wins: each browser claims to be those below it.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
    ("python", "Python"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def client_label(user_agent: str) -> str:
    """Return browser and system, as far as the header names them."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " on ".join(filter(None, (browser, system))) or "unknown client"


async def provide_client_label(request: Request[Any, Any, Any]) -> str:
    """Provide the label of who asks."""
    return client_label(request.headers.get("user-agent", ""))
