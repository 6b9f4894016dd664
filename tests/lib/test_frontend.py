"""The web app: its own tests pass, it is small, and it says nothing that cannot be translated."""

import gzip
import json
import re
import subprocess
from pathlib import Path
from string import Formatter

import pytest

from bach_lib.web.app_files import STATIC, version

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend"
SOURCES = {file.name: file.read_text("utf-8") for file in (FRONTEND / "src").glob("*.ts")}
TRANSLATIONS = ROOT / "custom_components/bach/translations"
TEXTS = json.loads((TRANSLATIONS / "en.json").read_text("utf-8"))["config_panel"]
LANGUAGES = sorted(file.stem for file in TRANSLATIONS.glob("*.json") if file.stem != "en")
MOST_BYTES = 45_000
"""Of all that a browser loads of the app before anybody has chosen a page, packed."""
MOST_OF_ALL = 50_000
"""The same with the pages that load when somebody opens them, and the card."""
MOST_OF_A_LANGUAGE = 25_000
"""The same of what somebody reads, with all that the library says; English comes with the app and the server."""


@pytest.mark.frontend
def test_the_tests_of_the_app_pass() -> None:
    """Pages would show what is over, or do something to another message than the one that was pressed."""
    node = (ROOT / ".venv" / "node-path").read_text().strip()
    done = subprocess.run([node, "test.mjs"], cwd=FRONTEND, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    [passed] = re.findall(r"pass (\d+)", done.stdout)
    assert int(passed) > 10


@pytest.mark.frontend
def test_the_app_is_small() -> None:
    """On a phone far from home the page would take seconds to come."""
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in STATIC.glob("*.js")}
    assert {"page.js", "panel.js"} < sizes.keys()
    languages = [sizes.pop(name) for name in _language_files()]
    assert len(languages) == len(LANGUAGES)
    first = _loaded_with({"page.js", "panel.js"})
    assert not first & set(_language_files())
    assert sum(sizes[name] for name in first) < MOST_BYTES
    assert first < sizes.keys(), "some of it waits until it is asked for"
    assert sum(sizes.values()) < MOST_OF_ALL
    assert max(languages) < MOST_OF_A_LANGUAGE


def _loaded_with(names: set[str]) -> set[str]:
    """These files, and all that they bring at once."""
    found, left = set[str](), set(names)
    while left:
        name = left.pop()
        found.add(name)
        content = (STATIC / name).read_text("utf-8")
        left |= set(re.findall(r'(?:\bfrom|\bimport)"\./([\w-]+\.js)"', content)) - found
    return found


def _language_files() -> list[str]:
    """The files with the texts of other languages than English, of which a browser loads one at most."""
    texts = [json.loads((TRANSLATIONS / f"{one}.json").read_text("utf-8"))["config_panel"] for one in LANGUAGES]
    words = [text["app"]["updated"] for text in texts]
    files = {file.name: file.read_text("utf-8") for file in STATIC.glob("*.js")}
    return [name for name, content in files.items() if any(word in content for word in words)]


@pytest.mark.frontend
def test_what_every_page_of_the_home_loads_is_tiny() -> None:
    """Everybody would pay for the card with each page, also who has none on a dashboard."""
    loader = (STATIC / "card-loader.js").read_bytes()
    assert len(loader) <= 1024
    assert re.findall(rb"""(?:^|;)import["{*]""", loader) == []  # else it would bring the rest at once


@pytest.mark.frontend
def test_the_app_needs_nothing_that_a_strict_policy_forbids() -> None:
    """It would be blank in the daemon; or what somebody wrote could run as an administrator."""
    built = "".join(file.read_text("utf-8") for file in STATIC.glob("*.js"))
    assert "eval(" not in built
    assert "new Function" not in built
    for name, source in SOURCES.items():
        found = re.findall(r"unsafe\w+|innerHTML|insertAdjacentHTML|document\.write|\bstyle=|https?://", source)
        assert found == [], name


@pytest.mark.frontend
def test_what_is_built_says_which_version_it_is() -> None:
    """An update would not be noticed by a page that is open."""
    assert f'"{version()}"' in "".join(file.read_text("utf-8") for file in STATIC.glob("*.js"))
    assert "Copyright (c) 2017 Google LLC" in (STATIC / "LICENSES.txt").read_text("utf-8")


def test_every_text_of_the_app_is_used() -> None:
    """Dead texts would be translated for nobody. That each used one is there, the compiler sees (`TextKey`)."""
    named = set(re.findall(r'"([a-z]+\.[a-z_]+)"', "".join(SOURCES.values())))
    there = {f"{group}.{key}" for group, texts in TEXTS.items() for key in texts}
    forms = {key for key in there if re.sub("_(one|zero)$", "", key) in there & named}  # of a text about a number
    assert there - named - forms == set()


def test_texts_hold_names_in_braces_and_nothing_else() -> None:
    """Home Assistant would report an error for each text with more in it, and show none of them in another language."""
    for texts in TEXTS.values():
        for key, text in texts.items():
            assert all(name is None or name.isidentifier() for _, name, *_ in Formatter().parse(text)), key


def _names(text: str) -> set[str]:
    """Those in whose place values come."""
    return {name for _, name, *_ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_all_with_the_same_names(language: str) -> None:
    """A page would be half in English, form by form; or Home Assistant would log an error for each and show English."""
    said = {
        one: {f"{group}.{key}": text for group, texts in content.items() for key, text in texts.items()}
        for one in ("en", language)
        for content in [json.loads((TRANSLATIONS / f"{one}.json").read_text("utf-8"))["config_panel"]]
    }
    english, own = said["en"], said[language]
    assert english.keys() - own.keys() == set()
    for key, text in own.items():
        whole = key if key in english else re.sub("_(zero|one|two|few|many)$", "", key)  # a form that English has not
        assert whole in english, key
        assert text, key
        assert _names(text) == _names(english[whole]), key


def test_the_daemons_page_offers_each_language() -> None:
    """A language would be there in Home Assistant, and whoever has no Home Assistant would read English."""
    assert sorted(re.findall(r"(\w+): \(\) => import\(", SOURCES["languages.ts"])) == LANGUAGES
    assert LANGUAGES == ["de", "es", "fr", "it", "nl"]


def test_packages_are_pinned_without_saying_where_they_come_from() -> None:
    """A build would take another package, or ask a host that one machine happened to use."""
    lock = json.loads((FRONTEND / "package-lock.json").read_text("utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert [name for name, one in packages.items() if "resolved" in one or "integrity" not in one] == []
    wanted = json.loads((FRONTEND / "package.json").read_text("utf-8"))
    assert all(
        re.fullmatch(r"\d+\.\d+\.\d+", one)
        for kind in ("dependencies", "devDependencies")
        for one in wanted[kind].values()
    )
