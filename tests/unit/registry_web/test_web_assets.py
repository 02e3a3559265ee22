import hashlib
import re
from pathlib import Path

import pytest

from registry.web.assets import HERE

TEMPLATES = sorted((HERE / "templates").glob("*.html"))
OWN = [
    *TEMPLATES,
    *(
        HERE / "static" / name
        for name in ("app.css", "app.js", "icons.svg", "favicon.svg")
    ),
]


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_nothing_of_ours_points_outside(path: Path) -> None:
    outside = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text())
    assert set(outside) <= {"http://www.w3.org"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_a_weaker_policy(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle=|<style|\son\w+=|hx-on|javascript:|js:", text)
    assert all('src="/static/' in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_switches_escaping_off(path: Path) -> None:
    assert not re.search(r"\|\s*safe|autoescape|Markup", path.read_text())


def test_vendored_scripts_are_the_published_ones_and_come_with_their_licence() -> None:
    listed = (HERE / "static" / "SHA256SUMS").read_text().split()
    sums = dict(zip(listed[1::2], listed[::2], strict=True))
    for name in ("htmx.min.js", "hx-sse.min.js"):
        content = (HERE / "static" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sums[name]
    assert "Zero-Clause BSD" in (HERE / "static" / "htmx.LICENSE.txt").read_text()


def test_htmx_is_loaded_before_the_page_and_its_extension_before_it_starts() -> None:
    layout = (HERE / "templates" / "layout.html").read_text()
    assert re.findall(r"<script[^>]*>", layout) == [
        '<script src="/static/htmx.min.js">',
        '<script src="/static/hx-sse.min.js" defer>',
        '<script src="/static/app.js" defer>',
    ]
