"""The pages in a real browser: Chromium, and what it complains about."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    expect,
    sync_playwright,
)

from tests.support.registry_site import Site

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--lang=zh-CN",
]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium; without it nothing is skipped."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: install the Debian package `chromium`")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=ARGUMENTS
        )
        try:
            yield browser
        finally:
            browser.close()


PATIENCE = 30_000
"""How long a page may take to show what is expected, in milliseconds."""


@dataclass(slots=True)
class Visit:
    """A browser window, and what it asked for and complained about."""

    context: BrowserContext
    page: Page
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)


@contextmanager
def visit(browser: Browser, site: Site, **options: Any) -> Iterator[Visit]:  # noqa: ANN401 - Playwright's own options
    """Open a window on a site; whatever it complains about fails the test."""
    context = browser.new_context(base_url=site.url, locale="zh-CN", **options)
    page = context.new_page()
    seen = Visit(context, page)
    page.on("request", lambda request: seen.hosts.add(request.url.split("/")[2]))
    page.on("console", lambda note: _complaint(seen, note.type, note.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    try:
        yield seen
        assert seen.complaints == []
        assert seen.hosts == {site.url.split("/")[2]}
    finally:
        context.close()


def _complaint(seen: Visit, kind: str, text: str) -> None:
    expected = "the server responded with a status of 4" in text
    if kind in {"error", "warning"} and not expected:
        seen.complaints.append(text)
