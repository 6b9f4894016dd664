"""Programs that nobody of this project wrote post to BACH, as docs/webhook.md says that they do."""

import asyncio
import json
import os
import re
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook as Standard
from svix.webhooks import Webhook as Svix

from bach_lib import Bach, Connection
from bach_lib.connectors.webhook.signature import new_secret
from bach_lib.events import MessageReceived
from bach_lib.models import Status
from bach_lib.rest import make_application
from tests.lib.connectors.webhook.conftest import Address
from tests.lib.connectors.webhook.test_senders import RECORDED, hexed
from tests.lib.test_documents import ROOT, blocks
from tests.senders import alertmanager, disk_full, need, run

pytestmark = pytest.mark.slow  # programs of others, each as it is

TOKEN = "a-token-of-sixteen-characters"
SECRET = new_secret()
PAGE = (ROOT / "docs/webhook.md").read_text("utf-8")


@dataclass
class Door:
    """A BACH that takes what is posted at `url`."""

    bach: Bach
    url: str

    async def curl(self, *arguments: str, url: str | None = None) -> str:
        """The status that curl sees."""
        quiet = ("-s", "-o", os.devnull, "-w", "%{http_code}")
        return await run(need("curl"), *quiet, *arguments, url or self.url)

    async def texts(self) -> list[str]:
        """What came in, oldest first."""
        return [message.text for message in await self.bach.inbox()]

    async def connection(self, *, secret: str | None = None, allowed: set[str], **settings: object) -> None:
        """One as the table sets it up."""
        auth = {"incoming_secret": f"test:{secret}"} if secret else {"incoming_token": f"test:{TOKEN}"}
        await self.bach.registry.add(
            Connection(name="hook", type="webhook", auth_config=auth, settings=settings, allowed=frozenset(allowed))
        )


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """On a real port, with a database on disk."""
    async with Bach(tmp_path / "bach.db", secrets={"test": lambda path: path}) as bach:
        server = TestServer(make_application(bach, token="t" * 32))
        await server.start_server()
        yield Door(bach, f"http://127.0.0.1:{server.port}/api/v1/hooks/hook")
        await server.close()


BEARER = ("-H", f"Authorization: Bearer {TOKEN}")
JSON = ("-H", "Content-Type: application/json")


async def test_the_example_with_curl(door: Door) -> None:
    """Somebody who copies the first example would get an error, or "taken" and an empty inbox."""
    need("curl")
    await door.connection(allowed={"nas"})
    [command] = [one for one in blocks("docs/webhook.md", "sh") if one.startswith("curl")]
    local = command.replace("https://home.example.org/api/webhook/0123456789abcdef", door.url)
    assert local != command
    said = await run("bash", "-c", local, TOKEN=TOKEN)
    assert "204 No Content" in said
    assert await door.texts() == ["Backup finished"]


@pytest.mark.parametrize(
    "form",
    [
        (*JSON, "-d", '{"text": "ding"}'),
        ("--json", '{"text": "ding"}'),
        ("-d", "text=ding"),
        ("-F", "text=ding"),
        ("--data-urlencode", "text=ding"),
        ("-H", "Content-Type: text/plain", "-d", "ding"),
        ("-X", "PUT", *JSON, "-d", '{"text": "ding"}'),
        (*JSON, "-H", "Transfer-Encoding: chunked", "-d", '{"text": "ding"}'),
    ],
    ids=lambda form: " ".join(form)[:40],
)
async def test_curl(door: Door, form: tuple[str, ...]) -> None:
    """One of the usual forms of the most usual program would be refused without a reason."""
    await door.connection(allowed={"webhook"})
    assert await door.curl(*BEARER, *form) == "204"
    assert await door.texts() == ["ding"]


async def test_who_is_no_recipient_yet_is_named(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """The first try would be answered with "taken", and nothing anywhere say why nothing comes."""
    await door.connection(allowed=set())
    assert await door.curl(*BEARER, "--json", '{"text": "ding", "sender": "nas"}') == "204"
    refused = door.bach.refused("hook")
    assert refused is not None
    assert '"nas"' in refused.reason
    assert '"nas"' in caplog.text
    assert await door.curl("-H", "Authorization: Bearer wrong", "--json", '{"text": "ding", "sender": "x-y"}') == "403"
    assert '"x-y"' not in caplog.text, "who proves nothing has no say in the log"


async def test_apprise(door: Door) -> None:
    """The program that speaks for a hundred others could not speak to BACH."""
    await door.connection(allowed={"webhook"})
    written = re.search(r"\| apprise \| `(json://[^`]+)`", PAGE)
    assert written
    host = urlsplit(door.url).netloc
    address = written[1].replace("HOST", host).replace("NAME", "hook").replace("TOKEN", TOKEN)
    said = await run(Path(sys.executable).with_name("apprise"), "-v", "-b", "The backup is done", address)
    assert await door.texts() == ["The backup is done"], said


@pytest.mark.parametrize("library", ["standardwebhooks", "svix"])
async def test_the_libraries_of_standard_webhooks(door: Door, library: str) -> None:
    """Whoever signs with the library of the convention itself would be refused."""
    await door.connection(secret=SECRET, allowed={"nas"})
    body, now = '{"text": "signed", "sender": "nas"}', datetime.now(UTC)
    sign = Standard(SECRET).sign if library == "standardwebhooks" else Svix(SECRET).sign
    prefix = "webhook" if library == "standardwebhooks" else "svix"
    shown = {"id": "msg_1", "timestamp": str(int(now.timestamp())), "signature": sign("msg_1", now, body)}
    headers = [word for name, value in shown.items() for word in ("-H", f"{prefix}-{name}: {value}")]
    assert await door.curl(*headers, *JSON, "-d", body) == "204"
    assert await door.curl(*headers, *JSON, "-d", body.replace("nas", "sad")) == "403"
    assert await door.texts() == ["signed"]


async def test_a_library_believes_both_keys(door: Door) -> None:
    """While a key changes, one half of all receivers would refuse what BACH sends."""
    old, new = new_secret(), new_secret()
    async with Address() as address:
        keys = {"secret": f"test:{new}", "old_secret": f"test:{old}"}
        await door.bach.registry.add(Connection(name="out", type="webhook", endpoint=address.url, auth_config=keys))
        receipt = await door.bach.send("out", "default", "ü")
        assert (await door.bach.wait(receipt.id, 30)).status is Status.SENT
    [headers] = [dict(asked.headers) for asked in address.asked if asked.method == "POST"]
    for key in (old, new):
        assert Standard(key).verify(address.raw[-1], headers)
        small = {name.lower().replace("webhook-", "svix-"): value for name, value in headers.items()}
        Svix(key).verify(address.raw[-1], small)


@dataclass(frozen=True)
class Row:
    """A row of the table of who gets in that stands for a program of which there is only a recording here."""

    post: tuple[str, ...]
    text: str
    who: str
    secret: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)
    query: str = ""


def recorded(name: str, *proof: str, secret: bool = False) -> Row:
    """One whose body was recorded, or is as its documentation says."""
    headers, body, text, who = RECORDED[name]
    own = [word for one, value in headers.items() if one != "Authorization" for word in ("-H", f"{one}: {value}")]
    post = (*proof, *own, *JSON, "-d", json.dumps(body))
    return Row(post=post, text=text, who=who, secret=secret, settings={"incoming_from": name})


ROWS: Mapping[str, Row] = {
    "curl": Row(post=(*BEARER, "-d", "text=ding"), text="ding", who="webhook"),
    "Grafana": recorded("grafana", "-u", f"anybody:{TOKEN}"),
    "GitHub": recorded(
        "github",
        "-H",
        f"X-Hub-Signature-256: sha256={hexed(json.dumps(RECORDED['github'][1]).encode())}",
        secret=True,
    ),
    "GitLab": recorded("gitlab"),
    "Uptime Kuma": recorded("uptime-kuma", *BEARER),
    "Healthchecks": Row(
        post=(*BEARER, *JSON, "-d", '{"text": "nas is down", "id": "1 down 2026"}'),
        text="nas is down",
        who="healthchecks",
        settings={"incoming_from": "healthchecks"},
    ),
    "Shelly": Row(
        post=("-G",),
        text="Hall switch",
        who="hall",
        settings={"incoming_from": "shelly"},
        query=f"?token={TOKEN}&text=Hall+switch&sender=hall",
    ),
}
TRIED_ABOVE = {"apprise", "Prometheus Alertmanager", "Svix"}


@pytest.mark.parametrize("name", ROWS)
async def test_every_row_of_the_table(door: Door, name: str) -> None:
    """Somebody who sets a sender up as the table says would be refused, and be told nothing."""
    row = ROWS[name]
    assert "\n| " + name in PAGE
    assert not row.query or row.query.replace(TOKEN, "TOKEN") in PAGE
    await door.connection(secret=TOKEN if row.secret else None, allowed={row.who}, **row.settings)
    assert await door.curl(*row.post, url=door.url + row.query) == "204"
    assert await door.texts() == [row.text]


def test_no_row_is_forgotten() -> None:
    """A sender would stand in the table of whom nobody knows whether it gets in."""
    table = PAGE[PAGE.index("## Who gets in") :]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", table, re.MULTILINE)
    known = {name for name in (*ROWS, *TRIED_ABOVE) if any(row.startswith(name) for row in rows)}
    assert known == {*ROWS, *TRIED_ABOVE}
    assert len(rows) == len(known) + 1, "the head, and a line for each"


@pytest.fixture
async def alerts(door: Door, tmp_path: Path, free_tcp_port: int) -> AsyncIterator[str]:
    """A real Alertmanager that posts to the connection."""
    async with alertmanager(door.url, TOKEN, tmp_path, free_tcp_port) as address:
        yield address


@pytest.mark.parametrize("from_", ["alertmanager", None])
async def test_alertmanager_tells_the_whole_story(door: Door, alerts: str, from_: str | None) -> None:
    """Of an alarm that fires, ends and fires again only the first would be heard; or none of a group but one."""
    settings = {"incoming_from": from_} if from_ else {}
    await door.connection(allowed={"prometheus"}, **settings)
    came: asyncio.Queue[str] = asyncio.Queue()
    door.bach.subscribe(MessageReceived, lambda event: came.put_nowait(event.message.text))
    began = datetime.now(UTC) - timedelta(minutes=5)
    again = began + timedelta(minutes=4)
    story = [
        (disk_full("nas", began), "firing: disk of nas is full"),
        (disk_full("pi", began), "firing: disk of pi is full"),
        (disk_full("nas", began, again - timedelta(minutes=1)), "resolved: disk of nas is full"),
        (disk_full("nas", again), "firing: disk of nas is full"),
    ]
    async with ClientSession() as session, asyncio.timeout(60):
        for told, expected in story:
            async with session.post(alerts, json=[told]) as response:
                assert response.status == 200
            assert await came.get() == expected
    assert came.empty()


OUTGOING = [
    command
    for block in blocks("docs/webhook.md", "sh")
    for command in re.findall(r"^bach connector add webhook (?:[^\n]*\\\n)*[^\n]*", block, re.MULTILINE)
]


@pytest.mark.parametrize("command", OUTGOING, ids=lambda command: command.split()[4])
async def test_every_example_of_sending(command: str, tmp_path: Path) -> None:
    """Somebody who copies an example would get an error, or a service something that it cannot read."""
    secrets = {name: f"the-secret-{name}" for name in re.findall(r"env:(\w+)", command)}
    async with Address() as address:
        local = re.sub(r"(--endpoint )https?://[^/\s]+", rf"\g<1>{address.url}", command)
        local = local.replace("bach ", f"{sys.executable} -m bach_lib.cli ", 1)
        said = await run("bash", "-c", local, PYTHONPATH=str(ROOT), BACH_DB=str(tmp_path / "bach.db"), **secrets)
        assert "Whether it takes messages, only a message can show." in said, said
        async with Bach(tmp_path / "bach.db", secrets={"env": secrets.get}) as bach:
            [row] = bach.registry.list()
            receipt = await bach.send(row.name, "default", 'Tür "offen"', title="Hall")
            assert (await bach.wait(receipt.id, 30)).status is Status.SENT
    asked = address.asked[-1]
    shown = str(dict(asked.headers))
    if (pair := asked.headers.get("Authorization", "")).startswith("Basic "):
        shown += b64decode(pair.removeprefix("Basic ")).decode()
    words = address.raw[-1].decode() + asked.query.get("words", "") + str(asked.body)
    assert all(secret in shown for secret in secrets.values())
    assert 'Tür "offen"' in words.replace('\\"', '"')
