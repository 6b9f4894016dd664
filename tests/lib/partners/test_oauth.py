"""OAuth with refresh: tokens are renewed in time, and a refresh token that is good for once is never lost."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from bach_lib import Connection, Fault, Report, check_connection
from bach_lib.partners.credentials import Shown
from bach_lib.partners.faults import FaultError
from bach_lib.partners.oauth import tokens_in
from bach_lib.partners.partner import Partner
from bach_lib.registry.secrets import Secrets
from bach_lib.testing import FakeClock, OpenAIServer, TokenServer, Told
from tests.lib.partners.make import connection


@dataclass
class Bench:
    """A partner that wants access tokens, where they come from, and the file with the refresh token."""

    api: OpenAIServer
    tokens: TokenServer
    file: Path
    session: ClientSession
    clock: FakeClock

    def row(self, **settings: object) -> Connection:
        """The connection."""
        return connection(
            "openai-compatible",
            self.api.url,
            auth_type="oauth",
            auth_config={"client_id": "test:id", "client_secret": "test:secret", "refresh_token": f"file:{self.file}"},
            settings={"token_endpoint": f"{self.tokens.url}/token", "model": "small", **settings},
        )

    def partner(self, **settings: object) -> Partner:
        """One that has just been started."""
        vault = {"id": "client-of-ours", "secret": "cl1ent-s3cret"}
        return Partner(
            self.row(**settings), session=self.session, secrets=Secrets({"test": vault.get}), clock=self.clock
        )


@pytest.fixture
async def bench(session: ClientSession, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Bench]:
    """All of it."""
    file = tmp_path / "refresh-token"
    file.write_text("refresh-token-0\n")
    async with OpenAIServer(key="nobody has one yet") as api, TokenServer(api) as tokens:
        yield Bench(api, tokens, file, session, clock)


async def test_an_access_token_is_fetched_and_used_until_it_ends(bench: Bench) -> None:
    """Every request would cost a refresh, or the first one after an hour would fail."""
    one = bench.partner()
    for _ in range(3):
        assert isinstance(await one.check(), Report)
    assert len(bench.tokens.asked) == 1
    await bench.clock.advance(3541)
    assert isinstance(await one.check(), Report)
    assert [asked.headers["Authorization"] for asked in bench.api.asked] == [
        *["Bearer access-token-1"] * 3,
        "Bearer access-token-2",
    ]


async def test_the_new_refresh_token_survives_a_restart(bench: Bench) -> None:
    """After a restart nobody could use the partner without logging in again."""
    assert isinstance(await bench.partner().check(), Report)
    assert bench.file.read_text() == "refresh-token-1\n"
    assert bench.file.stat().st_mode & 0o777 == 0o600
    assert isinstance(await bench.partner().check(), Report)
    assert bench.file.read_text() == "refresh-token-2\n"
    assert list(bench.file.parent.iterdir()) == [bench.file]


async def test_one_that_does_not_change_is_left_alone(bench: Bench) -> None:
    """A file that never changes would be written for ever."""
    bench.tokens.rotates = False
    bench.file.chmod(0o640)
    assert isinstance(await bench.partner().check(), Report)
    assert bench.file.stat().st_mode & 0o777 == 0o640


async def test_a_refused_access_token_is_renewed_once(bench: Bench) -> None:
    """A token that was taken back early would need a person; or one that is never taken would be renewed for ever."""
    bench.tokens.seconds = None
    one = bench.partner()
    await one.check()
    await bench.clock.advance(10)
    bench.api.told.append(Told(status=401))
    assert isinstance(await one.check(), Report)
    assert len(bench.tokens.asked) == 2
    await bench.clock.advance(10)
    bench.api.told.extend([Told(status=401)] * 2)
    fault = await one.check()
    assert isinstance(fault, Fault)
    assert (fault.code, len(bench.tokens.asked)) == ("auth_failed", 3)


async def test_a_refresh_token_that_has_gone_is_told(bench: Bench) -> None:
    """A deleted file would look like a broken line, and nobody would be asked to log in."""
    one = bench.partner()
    await one.check()
    await bench.clock.advance(10)
    bench.file.unlink()
    bench.api.told.append(Told(status=401))
    fault = await one.check()
    assert isinstance(fault, Fault)
    assert fault.code == "auth_failed"


def test_tokens_of_long_ago_are_forgotten() -> None:
    """A connection that gets a token every hour would need more memory with each."""
    shown = Shown()
    for n in range(100):
        shown.add("refresh-token", f"access-token-{n}")
    assert shown.redactor()("refresh-token access-token-99 access-token-5") == "*** *** access-token-5"


async def test_many_requests_share_one_refresh(bench: Bench) -> None:
    """The second would show a refresh token that the first has just used up."""
    one = bench.partner()
    found = await asyncio.gather(*(one.check() for _ in range(5)))
    assert all(isinstance(report, Report) for report in found)
    assert len(bench.tokens.asked) == 1


async def test_a_refresh_goes_on_when_its_caller_gives_up(bench: Bench) -> None:
    """The answer with the new refresh token would be thrown away, and the old one is used up."""
    one = bench.partner()
    bench.tokens.hold.clear()
    asking = asyncio.create_task(one.check())
    await bench.tokens.wait_until_asked(1)
    asking.cancel()
    await asyncio.wait([asking])
    bench.tokens.hold.set()
    await one.close()
    assert bench.file.read_text() == "refresh-token-1\n"


async def test_a_refresh_token_that_cannot_be_written_is_told_and_kept(bench: Bench, tmp_path: Path) -> None:
    """It would be lost with the next restart, and nobody would know before."""
    one = bench.partner()
    folder = bench.file.parent
    bench.tokens.hold.clear()
    asking = asyncio.create_task(one.check())
    await bench.tokens.wait_until_asked(1)
    moved = folder.rename(folder.with_name("gone"))
    bench.tokens.hold.set()
    fault = await asking
    assert isinstance(fault, Fault)
    assert fault.code == "secret_not_saved"
    assert "refresh-token-1" not in fault.text
    assert bench.api.asked == []
    moved.rename(folder)
    assert isinstance(await one.check(), Report)
    assert len(bench.tokens.asked) == 1
    assert bench.file.read_text() == "refresh-token-1\n"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (
            Told(status=400, body=b'{"error": "invalid_grant", "error_description": "used: refresh-token-0"}'),
            "auth_failed",
        ),
        (Told(status=401, body=b'{"error": "invalid_client"}'), "auth_failed"),
        (Told(status=400, body=b'{"error": "invalid_request"}'), "bad_request"),
        (Told(status=503), "server_error"),
        (Told(status=429), "rate_limited"),
        (Told(body=b"<html>"), "bad_answer"),
        (Told(body=b'{"access_token": "a", "token_type": "mac"}'), "bad_answer"),
        (Told(body=b'{"access_token": "a\\r\\nb", "token_type": "bearer"}'), "bad_answer"),
    ],
)
async def test_what_the_place_for_tokens_says_is_told(bench: Bench, told: Told, code: str) -> None:
    """A person would be sent for a new key because a server had a bad minute, or not be sent at all."""
    bench.tokens.told.append(told)
    fault = await bench.partner().check()
    assert isinstance(fault, Fault)
    assert fault.code == code
    assert "refresh-token-0" not in fault.text
    assert bench.api.asked == []


async def test_who_we_are_goes_where_the_server_wants_it(bench: Bench) -> None:
    """Half of the servers would refuse us."""
    await bench.partner(scope="models.read").check()
    await bench.partner(client_auth="basic").check()
    first, second = bench.tokens.asked
    assert first.body == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-token-0",
        "scope": "models.read",
        "client_id": "client-of-ours",
        "client_secret": "cl1ent-s3cret",
    }
    assert second.body == {"grant_type": "refresh_token", "refresh_token": "refresh-token-1"}
    assert second.headers["Authorization"].startswith("Basic ")


async def test_a_check_before_registering_keeps_what_it_got(bench: Bench) -> None:
    """The first look would use the token up, and the connection could never be added."""
    vault = {"id": "client-of-ours", "secret": "cl1ent-s3cret"}
    found = await check_connection(bench.row(), session=bench.session, secrets={"test": vault.get}, clock=bench.clock)
    assert isinstance(found, Report)
    assert bench.file.read_text() == "refresh-token-1\n"


TOKENS = st.dictionaries(
    st.sampled_from(["access_token", "token_type", "expires_in", "refresh_token"]),
    st.none() | st.text(max_size=5) | st.sampled_from(["Bearer", "abc"]) | st.floats() | st.integers(),
)


@given(answer=TOKENS | st.none() | st.lists(TOKENS))
def test_every_answer_holds_tokens_or_is_a_fault(answer: object) -> None:
    """A server's mistake would end the checks, or end a token before it begins."""
    try:
        access, successor, seconds = tokens_in(answer)
    except FaultError:
        return
    assert access.isprintable()
    assert successor is None or successor
    assert seconds > 0
