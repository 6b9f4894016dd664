"""The line that a person copies is run by a real shell and a real curl, and what it says comes in."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bach_lib import Bach, Connection
from bach_lib.connectors.webhook.examples import SAYS, curl_lines
from bach_lib.connectors.webhook.senders import SENDERS
from bach_lib.errors import InputError
from bach_lib.rest.hooks import as_posted
from bach_lib.storage import MemoryDatabase
from tests.senders import need, run

TOKEN = 'it\'s a "token" with $signs, `ticks`: and\\slashes%21'
SECRET = "whsec_dGhlLWtleS1vZi10aGUtZXhhbXBsZXMtaGVyZQ=="
TEXT_SECRET = "no base64, but 'quotes' and $signs"
NAMED: Mapping[str, dict[str, object]] = {
    "anybody": {},
    "anybody, in the address": {"incoming_proof": ["address"]},
    **{name: {"incoming_from": name} for name in SENDERS},
}
PATHS: Mapping[str, dict[str, object]] = {
    "deep": {"text": "alerts.0.annotations.summary", "sender": "alerts.0.labels.host"},
    "a list": {"each": "items", "text": ["kind", "title|message"], "sender": "by.name"},
    "stars": {"text": "a.*.b.*", "sender": "who"},
    "numbers": {"text": "rows.2.1", "sender": "rows.0"},
    "headers": {"text": ["header:x-event", "words"], "sender": "header:x-source"},
    "only headers": {"text": "header:x-event", "sender": "header:x-source"},
    "one in the other": {"text": "alarm", "sender": "alarm.name|who"},
    "a list in a list": {"each": "data.rows", "text": "cells.*.text", "sender": "data.name"},
}


class Street:
    """A BACH with doors, and the address of each."""

    def __init__(self, bach: Bach) -> None:
        self._bach = bach
        self.url = ""
        self.answers: list[str] = []

    async def take(self, request: web.Request) -> web.Response:
        """As Home Assistant does it."""
        headers, body = as_posted(request, await request.read())
        try:
            taken = await self._bach.push(request.match_info["name"], headers, body, address=request.remote)
        except InputError as error:
            self.answers.append(str(error))
            return web.Response(status=403)
        self.answers.append(f"{taken.sender_id}: {taken.text}" if taken else "known, or a stranger's")
        return web.Response(status=204)

    async def run(
        self, settings: Mapping[str, object], secrets: Mapping[str, str], times: int = 1, **who: str
    ) -> list[str]:
        """What came of all lines for one connection."""
        name = f"door-{len(self._bach.registry.list())}"
        await self._bach.registry.add(
            Connection(
                name=name,
                type="webhook",
                auth_config={f"incoming_{kind}": f"kept:{secret}" for kind, secret in secrets.items()},
                settings=settings,
                allowed=frozenset({"curl", *who.values()}),
            )
        )
        need("curl")
        need("openssl")
        arguments: dict[str, Any] = {**secrets, **who}
        lines = curl_lines(f"{self.url}/{name}", settings, **arguments)
        self.answers.clear()
        for line in lines.values():
            for _ in range(times):
                said = await run("sh", "-c", line)
                assert "HTTP/1.1" in said, said
        assert len(self.answers) == times * len(lines)
        return self.answers


@pytest.fixture
async def street() -> AsyncIterator[Street]:
    """One on a real port."""
    async with Bach(MemoryDatabase(), secrets={"kept": lambda secret: secret}) as bach:
        found = Street(bach)
        application = web.Application()
        application.router.add_route("*", "/{name}", found.take)
        async with TestServer(application) as server:
            found.url = str(server.make_url("")).rstrip("/")
            yield found


async def test_every_line_for_every_program_works_as_it_stands(street: Street) -> None:
    """A person would copy a line that is refused, and look for the mistake in what is right."""
    wrong = {}
    for name, settings in NAMED.items():
        for secrets in ({"token": TOKEN}, {"secret": SECRET}, {"secret": TEXT_SECRET}):
            answers = await street.run(settings, secrets)
            if not all(one.startswith("curl: ") and one.endswith(SAYS) for one in answers):
                wrong[name, *secrets] = list(answers)
    assert not wrong


@pytest.mark.parametrize("paths", PATHS)
async def test_it_says_its_words_where_they_are_looked_for(street: Street, paths: str) -> None:
    """Whoever gave paths of their own would be told that there is no text."""
    assert set(await street.run({"incoming": PATHS[paths]}, {"token": TOKEN})) == {f"curl: {SAYS}"}


async def test_it_may_be_run_again(street: Street) -> None:
    """The second try would be taken for a repetition, and dropped without a word."""
    for settings, secrets in (({}, {"token": TOKEN}), ({"incoming_from": "alertmanager"}, {"secret": SECRET})):
        answers = await street.run(settings, secrets, times=2)
        assert all(one.endswith(SAYS) for one in answers), answers


async def test_it_comes_from_whoever_is_heard(street: Street) -> None:
    """The line would be answered with "taken", and nothing would come: nobody knows its sender."""
    who = """O'Neil's "nas" $1"""
    assert set(await street.run({"incoming_proof": ["address"]}, {"token": TOKEN}, sender=who)) == {f"{who}: {SAYS}"}
    assert set(await street.run({}, {"secret": SECRET}, sender=who)) == {f"{who}: {SAYS}"}


def test_the_usual_way_comes_first() -> None:
    """A Shelly can only fetch an address; all others should keep the token out of it."""

    def ways(**settings: object) -> list[str]:
        return list(curl_lines("http://home", settings, token=TOKEN))

    assert ways() == ["header", "login"]
    assert ways(incoming_proof=["address"]) == ["header", "login", "address"]
    assert ways(incoming_from="shelly") == ["address", "header", "login"]
    assert curl_lines("http://home", {}) == {}
    assert list(curl_lines("http://home", {}, token=TOKEN, secret=SECRET)) == ["signature"]
