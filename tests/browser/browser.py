"""Debian's Chromium through Playwright, and checks of a page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, sync_playwright

from stack.server import program
from tests.browser.pinning import trusting

SHOTS = Path(__file__).parents[2] / ".cache" / "screenshots"
WAIT_MS = 15_000
WIDE, NARROW = (1280, 900), (320, 720)
SERIOUS = ("serious", "critical")
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
Scheme = Literal["light", "dark"]


@contextmanager
def chromium(*pins: str) -> Iterator[Browser]:
    """A headless browser. `pins`: of servers whose CA the system does not know (tests/browser/pinning.py)."""
    with sync_playwright() as playwright, launched(playwright, *pins) as browser:
        yield browser


@contextmanager
def launched(playwright: Playwright, *pins: str) -> Iterator[Browser]:
    """The same beside other browsers: a process can start Playwright once."""
    found = next(filter(None, map(shutil.which, NAMES)), None) or program("chromium", "chromium")
    browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", *trusting(*pins)])
    yield browser
    browser.close()


@dataclass
class Visit:
    """A page with its console errors and failed requests."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    shots: Path = SHOTS

    def go(self, path: str) -> None:
        """Load a page of the shop."""
        self.page.goto(self.base + path)

    def shoot(self, name: str) -> None:
        """Save a screenshot of the whole page."""
        self.shots.mkdir(parents=True, exist_ok=True)
        self.page.evaluate("window.scrollTo(0, 0)")
        self.page.screenshot(path=self.shots / f"{name}.png", full_page=True)

    def enter(self, key: str) -> None:
        """Enter an operator's key or the admin token in the console, on any of its pages."""
        self.page.locator("input[type=password]").fill(key)
        self.page.locator("form button[type=submit]").click()
        self.page.locator("input[type=password]").wait_for(state="detached")

    def findings(self) -> list[str]:
        """axe's findings of impact serious or critical."""
        found: dict[str, Any] = Axe().run(self.page).response
        return [
            f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
            for one in found["violations"]
            if one["impact"] in SERIOUS
            for node in one["nodes"]
        ]

    def overflow(self) -> int:
        """The pixels by which the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def _is_complaint(said: ConsoleMessage) -> bool:
    # browsers request this file when a page names no icon
    return said.type == "error" and not said.location["url"].endswith("/favicon.ico")


@contextmanager
def visit(
    browser: Browser, base: str, size: tuple[int, int] = WIDE, *, locale: str = "en-US", scheme: Scheme = "light"
) -> Iterator[Visit]:
    """A new browser context."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale=locale,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    visitor = Visit(page, base)
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    page.on("console", lambda said: visitor.complaints.append(said.text) if _is_complaint(said) else None)
    yield visitor
    context.close()
