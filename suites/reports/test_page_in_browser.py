"""The page in Chromium: wide and narrow, light and dark, by keyboard, on paper."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from edgeassay.html_report import html_page
from suites.meta.matrix_files import hostile
from suites.reports.paged import VARIANTS, case, document, history, page_of_many, run
from suites.reports.test_page import CHEST, compared, failing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM: Final = shutil.which("chromium")
ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
SIZES: Final = {"desktop": (1280, 900), "phone": (360, 780)}
VIEWS: Final = [(size, scheme) for size in SIZES for scheme in ("light", "dark")]
OPENINGS: Final = 3
# By the time of as many bytes of plain text.
MOST_TIMES: Final = 4.0
SERIOUS: Final = ("serious", "critical")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH"),
    pytest.mark.skipif(
        find_spec("playwright") is None, reason="pages in a browser need edgeassay[browser]"
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with a failure, software for a GPU, a comparison, a trend, and names that are long or
    markup.
    """
    software = document(
        [case(v, "litert-compiled-gpu", classes=CHEST, kind="software") for v in VARIANTS]
    )
    long = document(
        [case(v * 40, "r" * 90, model="m" * 120, classes=("c" * 90,)) for v in VARIANTS]
    )
    path = tmp_path_factory.mktemp("page") / "report.html"
    runs = [run(failing()), run(software, "gpu.json"), run(long, "long.json"), run(hostile())]
    text = html_page(runs, history=[history()], ab=[compared()])
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def opened(browser: Browser, everything: Path) -> Iterator[dict[tuple[str, str], Page]]:
    """The page in every view; what each asked for and said is noted on it."""
    pages: dict[tuple[str, str], Page] = {}
    for size, scheme in VIEWS:
        page = _opened(browser, everything, size, scheme)
        pages[size, scheme] = page
    yield pages
    for page in pages.values():
        page.context.close()


REQUESTS: dict[int, list[str]] = {}
MESSAGES: dict[int, list[str]] = {}


def _opened(browser: Browser, path: Path, size: str, scheme: Any) -> Page:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    requests = REQUESTS.setdefault(id(page), [])
    messages = MESSAGES.setdefault(id(page), [])
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize(("size", "scheme"), VIEWS)
def test_it_asks_for_nothing_and_says_nothing(
    opened: dict[tuple[str, str], Page], everything: Path, size: str, scheme: str
) -> None:
    page = opened[size, scheme]
    assert REQUESTS[id(page)] == [everything.as_uri()]
    assert MESSAGES[id(page)] == []


@pytest.mark.parametrize(("size", "scheme"), VIEWS)
def test_everybody_can_use_it(opened: dict[tuple[str, str], Page], size: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened[size, scheme]
    for details in page.query_selector_all("details"):
        details.evaluate("element => element.open = true")
    found = Axe().run(page).response["violations"]
    bad = [
        (one["id"], one["impact"], one["nodes"][0]["html"][:200])
        for one in found
        if one["impact"] in SERIOUS
    ]
    assert bad == []


@pytest.mark.parametrize(("size", "scheme"), VIEWS)
def test_nothing_is_wider_than_the_window(
    opened: dict[tuple[str, str], Page], size: str, scheme: str
) -> None:
    page = opened[size, scheme]
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


def test_what_is_looked_for_is_seen_where_it_is(browser: Browser, tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    bad = tmp_path / "bad.html"
    bad.write_text(
        '<!doctype html><title>x</title><img src="http://127.0.0.1:9/a.png">'
        '<script>console.error("no")</script><p style="width:2000px;color:#ddd">pale</p>'
    )
    page = _opened(browser, bad, "phone", "light")
    assert "http://127.0.0.1:9/a.png" in REQUESTS[id(page)]
    assert "no" in MESSAGES[id(page)]
    assert page.evaluate("document.documentElement.scrollWidth") > SIZES["phone"][0]
    found = {one["id"] for one in Axe().run(page).response["violations"]}
    assert {"image-alt", "color-contrast", "html-has-lang"} <= found
    page.context.close()


def test_dark_and_light_differ(opened: dict[tuple[str, str], Page]) -> None:
    def colours(scheme: str) -> list[str]:
        page = opened["desktop", scheme]
        of_text = page.evaluate("getComputedStyle(document.body).color")
        line = "document.querySelector('svg.plot [stroke=\"var(--s1)\"]')"
        return [of_text, page.evaluate(f"getComputedStyle({line}).stroke")]

    light, dark = colours("light"), colours("dark")
    assert all(a != b for a, b in zip(light, dark, strict=True))
    assert light[1] == "rgb(0, 98, 163)"


def test_the_keyboard_reaches_everything(browser: Browser, everything: Path) -> None:
    page = _opened(browser, everything, "phone", "light")
    focused = "document.activeElement"
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.className") == "skip"
    assert page.evaluate(f"{focused}.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    wanted = page.evaluate(
        "document.querySelectorAll('main a, summary, [tabindex=\"0\"]').length"
        " - document.querySelectorAll('details:not([open]) :is(a, [tabindex=\"0\"])').length"
    )
    seen = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        place = page.evaluate(
            f"{focused} === document.body ? -1"
            f" : Array.from(document.querySelectorAll('*')).indexOf({focused})"
        )
        if place == -1:
            break
        seen.add(place)
        outline = page.evaluate(f"getComputedStyle({focused}).outlineStyle")
        assert outline == "solid"
    assert len(seen) >= wanted
    page.locator("details.case:not([open]) summary").first.focus()
    before = page.locator("details[open]").count()
    page.keyboard.press("Enter")
    assert page.locator("details[open]").count() == before + 1
    page.context.close()


def test_it_is_printed_with_all_that_it_folds(
    browser: Browser, everything: Path, tmp_path: Path
) -> None:
    page = _opened(browser, everything, "desktop", "dark")
    closed = page.locator("details.case:not([open])").first.locator("td").first
    assert not closed.is_visible()
    page.emulate_media(media="print")
    assert closed.bounding_box() is not None
    assert closed.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    made = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert made.startswith(b"%PDF-")
    assert made.count(b"/Type /Page\n") >= 3 or b"/Count" in made
    page.context.close()


def test_two_hundred_cases_open_about_as_fast_as_text(browser: Browser, tmp_path: Path) -> None:
    large, plain = tmp_path / "large.html", tmp_path / "plain.html"
    text = page_of_many()
    large.write_text(text, encoding="utf-8")
    words = "<p>" + "some plain words of text " * 4 + "</p>\n"
    plain.write_text("<!doctype html>" + words * (len(text) // len(words)), encoding="utf-8")
    assert _opening_s(browser, large) <= MOST_TIMES * _opening_s(browser, plain)


def _opening_s(browser: Browser, path: Path) -> float:
    """How long it takes until it is painted, in the middle of some."""
    taken = []
    for _ in range(OPENINGS):
        page = browser.new_page()
        began = time.perf_counter()
        page.goto(path.as_uri())
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        taken.append(time.perf_counter() - began)
        page.close()
    return statistics.median(taken)
