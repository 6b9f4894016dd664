"""The page about the interface: all of the description is in it, and nothing else can be."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import cast, override

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from bach_lib import Bach
from bach_lib.rest import make_application
from bach_lib.rest.openapi import DOCUMENT
from tests.lib.rest.conftest import TOKEN, Client

type Tree = Mapping[str, Mapping[str, Mapping[str, object]]]
PATHS = cast("Tree", DOCUMENT["paths"])
SCHEMAS = cast("Tree", DOCUMENT["components"])["schemas"]


class Reader(HTMLParser):
    """What a browser finds in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.ids, self.links, self.words = set[str](), set[str](), list[str](), ""
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        if "id" in given:
            assert given["id"] not in self.ids
            self.ids.add(given["id"])
        if tag == "a":
            self.links.append(given["href"])

    @override
    def handle_data(self, data: str) -> None:
        self.words += data


async def shown(client: Client) -> tuple[str, str]:
    """The page, and what a browser is told to allow it."""
    async with ClientSession() as browser, browser.get(f"{client.url}/docs") as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        return await answer.text(), answer.headers["Content-Security-Policy"]


async def test_all_that_can_be_asked_is_in_it(client: Client) -> None:
    """Somebody would look for an endpoint or a field that their program gets, and find nothing."""
    page = Reader((await shown(client))[0])
    for path, methods in PATHS.items():
        for method, said in methods.items():
            if method != "parameters":
                assert f"{method.upper()} {path}" in page.words
                assert f"{said['summary']}." in page.words
                assert said["operationId"] in page.ids
    for name, schema in SCHEMAS.items():
        assert f"{name}-fields" in page.ids
        assert all(field in page.words for field in cast("Mapping[str, object]", schema["properties"]))


async def test_its_links_lead_somewhere(client: Client) -> None:
    """A click would do nothing."""
    page = Reader((await shown(client))[0])
    inside = [link[1:] for link in page.links if link.startswith("#")]
    assert len(inside) > len(PATHS)
    assert set(inside) <= page.ids
    assert {link for link in page.links if not link.startswith("#")} == {"/api/v1/openapi.json"}


async def test_nothing_runs_in_it_and_nothing_comes_from_elsewhere(client: Client) -> None:
    """What is served to everybody would be a way in, or a browser would show it without its looks."""
    page, policy = await shown(client)
    assert not Reader(page).tags & {"script", "img", "iframe", "form", "object"}
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert f"style-src 'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}';" in policy
    assert policy.startswith("default-src 'none';")


async def test_it_is_right_below_an_address_of_somebody_elses(bach: Bach) -> None:
    """Whoever serves this inside their own application would copy addresses that are not there."""
    outer = web.Application()
    outer.add_subapp("/bach", make_application(bach, token=TOKEN))
    async with TestClient(TestServer(outer)) as client:
        answer = await client.get("/bach/docs")
        page = Reader(await answer.text())
    assert "POST /bach/api/v1/messages/send" in page.words
