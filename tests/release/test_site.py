"""The documentation site: a stranger finds every page, as it stands on GitHub, also without a network."""

import re
import shutil
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, override

import pytest
from markdown_it import MarkdownIt
from playwright.async_api import async_playwright, expect

from script.lib import site_pages
from tests.e2e.chromium import CHROMIUM_FLAGS, CHROMIUM_PATH

ROOT: Final = Path(__file__).parents[2]
ZENSICAL: Final = ROOT / ".venv" / "bin" / "zensical"
SHAPES: Final = frozenset({"blockquote", "h1", "h2", "h3", "h4", "img", "li", "ol", "pre", "table", "tr", "ul"})
LOADED: Final = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """What the article of a page is made of, and what a browser fetches for the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.shapes: Counter[str] = Counter()
        self.fetched: list[str] = []
        self._in_article = "<article" not in page
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._in_article |= tag == "article"
        self.shapes[tag] += self._in_article and tag in SHAPES
        if tag in LOADED and values.get("rel") not in {"canonical", "prev", "next"}:
            self.fetched.append(values.get(LOADED[tag]) or "")

    @override
    def handle_endtag(self, tag: str) -> None:
        self._in_article &= tag != "article"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `script/docs` does it."""
    if not ZENSICAL.exists():
        pytest.skip("script/setup --docs brings Zensical")
    if not (ROOT / site_pages.PACKAGES).exists():
        pytest.skip("script/setup could not fetch what draws the diagrams: there is no Node.js >= 20")
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "zensical.toml", folder)
    shutil.copytree(ROOT / "script/lib/site_theme", folder / "script/lib/site_theme")
    site_pages.lay_down(folder / "build/site-pages")
    built = subprocess.run([ZENSICAL, "build", "--strict"], cwd=folder, check=False, capture_output=True, timeout=300)
    assert built.returncode == 0, (built.stdout + built.stderr).decode()
    return folder / "build"


@pytest.fixture(scope="module")
def built(site: Path) -> dict[str, Page]:
    """Every page of it."""
    return {
        path.relative_to(site / "site").with_suffix("").as_posix(): Page(path.read_text("utf-8"))
        for path in (site / "site").rglob("*.html")
    }


def named(nav: object) -> Iterator[str]:
    """The pages of a navigation, however deep."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, list):
        for part in nav:
            yield from named(part)
    elif isinstance(nav, dict):
        for part in nav.values():
            yield from named(part)


def test_every_page_stands_in_the_navigation_once() -> None:
    """Only a search would find it. The decisions are listed on a page of theirs."""
    nav = [*named(tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]["nav"])]
    pages = [place for place in site_pages.pages().values() if place.endswith(".md")]
    assert sorted(nav) == sorted(page for page in pages if not re.match(r"adr/\d", page))


@pytest.mark.slow  # the whole site is built, as the workflow that publishes it does
def test_every_page_looks_as_it_does_on_github(site: Path, built: dict[str, Page]) -> None:
    """A list would run into its sentence, or code into its list: the builder reads Markdown in its own way."""
    github = MarkdownIt("commonmark").enable("table")
    different = {}
    for page in (site / "site-pages").rglob("*.md"):
        name = page.relative_to(site / "site-pages").with_suffix("").as_posix()
        wanted, found = Page(github.render(page.read_text("utf-8"))).shapes, built[name].shapes
        if wanted != found:
            different[name] = {tag: (wanted[tag], found[tag]) for tag in SHAPES if wanted[tag] != found[tag]}
    assert different == {}
    assert len(built) > 100


@pytest.mark.slow  # as above
def test_nothing_of_a_page_comes_from_elsewhere(built: dict[str, Page]) -> None:
    """Others would learn who reads what, and without a network a page would be bare."""
    assert len(built["telegram"].fetched) > 4
    elsewhere = {name: [one for one in page.fetched if re.match(r"(\w+:)?//", one)] for name, page in built.items()}
    assert {name: found for name, found in elsewhere.items() if found} == {}


@pytest.mark.slow  # a browser draws every diagram, twice
@pytest.mark.browser
async def test_diagrams_and_search_work_without_a_network_by_day_and_by_night(site: Path) -> None:
    """A diagram would be text, and the search would stay empty, or ask another host what somebody looks for."""
    asked: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM_PATH.read_text().strip(), args=CHROMIUM_FLAGS
        )
        context = await browser.new_context(offline=True, color_scheme="dark")
        page = await context.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"file://{site}/site/telegram.html")
        scheme = page.locator("body")
        await expect(scheme).to_have_attribute("data-md-color-scheme", "slate")
        await page.get_by_title("Switch to light").click()
        await expect(scheme).to_have_attribute("data-md-color-scheme", "default")
        await expect(page.locator("div.mermaid").first).to_be_visible(timeout=60_000)
        await page.keyboard.press("/")
        await page.keyboard.type("supergroup")
        await expect(page.get_by_text(re.compile(r"^\d+ results$"))).to_be_visible(timeout=60_000)
        await browser.close()
    assert [url for url in asked if not url.startswith((f"file://{site}/", "data:", "blob:"))] == []


def test_a_link_that_leads_nowhere_is_named() -> None:
    """It would lead to a page of GitHub's that says 404, and nobody would see it before a reader does."""
    places = {"docs/one.md": "one.md", "adr/0001-x.md": "adr/0001-x.md"}
    text = "[a](../adr/0001-x.md#why) [b](../README.md)\n```\n[c](x.md)\n```\n[d](https://example.org)"
    moved = site_pages.with_links(text, "docs/one.md", places)
    assert moved == text.replace("../adr/", "adr/").replace("../README.md", f"{site_pages.REPOSITORY}/README.md")
    with pytest.raises(
        site_pages.DeadLinkError, match=r"docs/one\.md has a link to gone\.md, and there is no such file"
    ):
        site_pages.with_links("[e](gone.md)", "docs/one.md", places)
