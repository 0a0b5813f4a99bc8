"""The evidence's page in Chromium: wide and light, narrow and dark, on paper."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from edgeassay.evidence_bundle import parts, write_bundle
from edgeassay.spec import Kind
from suites.reports.evidence_project import begun

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM: Final = shutil.which("chromium")
ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
VIEWS: Final[tuple[tuple[int, int, Any], ...]] = ((1280, 900, "light"), (360, 780, "dark"))

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH"),
    pytest.mark.skipif(
        find_spec("playwright") is None, reason="pages in a browser need edgeassay[browser]"
    ),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evidence of a run with failures, an emulated case, and long words that are markup."""
    project = begun(tmp_path_factory.mktemp("shown"))
    claims = [
        c.model_copy(
            update={
                "reason": f"<img src=x onerror=alert(1)>{'x' * 200}",
                "kind": Kind.EMULATED if c.case.variant == "bigger" else Kind.MEASURED,
            }
        )
        for c in project.results.claims
    ]
    folder = project.folder / "evidence"
    write_bundle(folder, [project.leave(claims=claims, dirty=True)], project.asked())
    return folder / parts.PAGE


@pytest.fixture(scope="module", params=VIEWS, ids=lambda view: view[2])
def shown(request: pytest.FixtureRequest, index: Path) -> Iterator[tuple[Page, list[str]]]:
    """The page, and all that it asked for and said."""
    from playwright.sync_api import sync_playwright

    width, height, scheme = request.param
    noted: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.on("request", lambda one: noted.append(one.url))
        page.on("console", lambda one: noted.append(one.text))
        page.on("pageerror", lambda one: noted.append(str(one)))
        page.goto(index.as_uri())
        yield page, noted
        browser.close()


def test_it_asks_for_nothing_fits_and_everybody_can_use_it(
    shown: tuple[Page, list[str]], index: Path
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page, noted = shown
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["impact"]) for one in found] == []
    assert noted == [index.as_uri()]


def test_on_paper_nothing_is_folded_away(shown: tuple[Page, list[str]]) -> None:
    page, _ = shown
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = false)")
    page.emulate_media(media="screen")
    row = page.locator("details tbody tr").first
    assert not row.is_visible()
    page.emulate_media(media="print")
    assert row.is_visible()
    assert page.pdf()[:5] == b"%PDF-"
