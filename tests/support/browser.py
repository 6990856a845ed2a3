"""What a real browser must not see of our pages: errors, axe findings, sideways scroll."""

from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
VIOLATIONS = (
    "document.addEventListener('securitypolicyviolation', (event) => "
    "console.error('CSP', event.violatedDirective, event.blockedURI, event.sourceFile))"
)
DRAWN = """async () => {
  await new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)));
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
}"""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
NARROW = {"width": 320, "height": 800}
WIDE = {"width": 1280, "height": 800}


class Faults:
    """Collects what a page does wrong; a refusal that the screen shows is told with `expect`."""

    def __init__(self, page: Page, base: str) -> None:
        self._base = base
        self._expected: set[tuple[str, int]] = {("/v1/sessions/refresh", 401)}
        self.found: list[str] = []
        page.add_init_script(VIOLATIONS)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.found.append(f"page error: {error}"))
        page.on("request", self._asked)

    def expect(self, path: str, *statuses: int) -> None:
        """Let the browser note that this path of the API answers so; such a note is an error."""
        self._expected |= {(path, status) for status in statuses}

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        path = urlsplit(message.location.get("url", "")).path
        for expected, status in self._expected:
            if path == expected and f"status of {status}" in message.text:
                return
        self.found.append(f"console {message.type}: {message.text} ({path})")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._base, "data:", "blob:")):
            self.found.append(f"request to another origin: {request.url}")


def check(
    page: Page, *, themes: Sequence[str] = ("light", "dark"), leave_out: Collection[str] = ()
) -> None:
    """Fail on axe's findings in each theme, and on sideways scroll at 320 px (WCAG 1.4.10).

    `leave_out` names rules of axe that one state cannot pass; say why where it is used.
    """
    options = {"runOnly": RULES, "rules": {rule: {"enabled": False} for rule in leave_out}}
    for theme in themes:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.evaluate(DRAWN)
        results = Axe().run(page, options=options)
        assert not results.violations_count, f"{page.url} {theme}: {results.generate_report()}"
    size = page.viewport_size
    page.set_viewport_size(NARROW)  # type: ignore[arg-type] # its own TypedDict
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW["width"], f"{page.url} is {width} px wide at 320: {_widest(page)}"
    page.set_viewport_size(size or WIDE)  # type: ignore[arg-type] # as above
    headings = page.locator("h1").all_inner_texts()
    assert len(headings) == 1, f"{page.url} has {headings} as h1"


def _widest(page: Page) -> object:
    return page.evaluate(
        "[...document.querySelectorAll('body *')]"
        ".filter((e) => e.getBoundingClientRect().right > 321)"
        ".slice(-3).map((e) => e.outerHTML.slice(0, 160))"
    )
