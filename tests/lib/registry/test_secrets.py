"""References to secrets: where they lead, and that a secret itself is refused without being repeated."""

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bach_lib.errors import (
    BachError,
    InvalidSecretReferenceError,
    InvalidValueError,
    MissingLibraryError,
    SecretNotFoundError,
    SecretNotSavedError,
    SecretNotWritableError,
)
from bach_lib.registry.secrets import Lookup, Secrets

TOKEN = "123456789:AAFakeTokenFakeTokenFakeTokenFakeTok"


async def resolve(reference: str, schemes: dict[str, Lookup] | None = None) -> str:
    """The secret behind a reference."""
    return (await Secrets(schemes).resolve({"bot_token": reference}))["bot_token"]


@pytest.mark.parametrize("answer", [None, "", 5, True, ["s3cr3t"], {"a": "s3cr3t"}, b"s3cr3t"])
async def test_what_is_no_text_is_no_secret(answer: object) -> None:
    """A damaged entry of an application's vault would end in an unknown error, with the secret in its traceback."""

    def lookup(_: str) -> str | None:
        return answer  # type: ignore[return-value] # on purpose

    with pytest.raises(SecretNotFoundError) as caught:
        await resolve("entry:1", {"entry": lookup})
    assert "s3cr3t" not in str(caught.value)


async def test_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container could not hand its token over."""
    monkeypatch.setenv("BACH_TEST_TOKEN", TOKEN)
    assert await resolve("env:BACH_TEST_TOKEN") == TOKEN


@pytest.mark.parametrize(
    "content", [TOKEN, f"{TOKEN}\n", f"  {TOKEN}  \r\nsecond line\n", f"\n\n{TOKEN}\n", f"\ufeff{TOKEN}\n"]
)
async def test_the_first_line_of_a_file(tmp_path: Path, content: str) -> None:
    """An editor's line end at the end of the file would be part of the token."""
    file = tmp_path / "token"
    file.write_text(content, "utf-8", newline="")
    assert await resolve(f"file:{file}") == TOKEN


async def test_a_file_without_end_is_read_only_so_far() -> None:
    """A wrong path would fill the memory."""
    assert len(await resolve("file:/dev/zero")) <= 16_384


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """A key ring with whatever a test puts in."""
    ring: dict[tuple[str, str], str] = {}
    module = ModuleType("keyring")
    vars(module)["get_password"] = lambda service, user: ring.get((service, user))
    monkeypatch.setitem(sys.modules, "keyring", module)
    return ring


async def test_the_systems_key_ring(keyring: dict[tuple[str, str], str]) -> None:
    """A desktop user would have to write the token into a file."""
    keyring["bach", "bot/1"] = TOKEN
    assert await resolve("keyring:bach/bot/1") == TOKEN
    with pytest.raises(SecretNotFoundError):
        await resolve("keyring:bach/other")


async def test_a_key_ring_that_is_locked_is_a_secret_not_found(
    keyring: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server without a desktop has no key ring to open; starting would end in a traceback."""

    def locked(service: str, user: str) -> str:
        raise RuntimeError("No recommended backend was available.")

    monkeypatch.setattr(sys.modules["keyring"], "get_password", locked)
    with pytest.raises(SecretNotFoundError):
        await resolve("keyring:bach/bot")


async def test_without_the_package_one_learns_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error would be that of an import."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MissingLibraryError, match=r"bach-lib\[keyring\]"):
        await resolve("keyring:bach/bot")


async def test_an_application_may_serve_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Home Assistant could not keep the token in its config entry."""
    entries: dict[str, Lookup] = {"entry": lambda target: TOKEN if target == "abc/token" else None}
    assert await resolve("entry:abc/token", entries) == TOKEN
    with pytest.raises(SecretNotFoundError):
        await resolve("entry:other", entries)


async def test_what_is_no_secret_any_more_is_refused_before_anybody_looks_through_it() -> None:
    """A page pasted into the box for the password would hold up the event loop for seconds, or for ever."""
    assert await resolve("app:one", {"app": lambda _: "x" * 16_384})
    with pytest.raises(InvalidValueError) as raised:
        await resolve("app:one", {"app": lambda _: TOKEN * 1_000})
    assert TOKEN not in str(raised.value)


async def test_an_application_may_replace_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that forbids reading files could not."""
    assert await resolve("file:/etc/hostname", {"file": lambda target: f"not {target}"}) == "not /etc/hostname"


@pytest.mark.parametrize(
    "reference",
    [
        "env:BACH_TEST_NOT_THERE",
        "env:BACH_TEST_EMPTY",
        "env:=",
        "env:A\0B",
        "env:\ud800",
        "file:/does/not/exist",
        "file:/",
        "file:relative/nowhere",
        "file:/a\0b",
        "file:/\ud800",
        "file:" + "a" * 10_000,
    ],
)
async def test_a_reference_that_leads_nowhere_says_so(reference: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error in a path would end in a traceback."""
    monkeypatch.setenv("BACH_TEST_EMPTY", "")
    with pytest.raises(SecretNotFoundError):
        await resolve(reference)


async def test_a_file_that_is_no_text_says_so(tmp_path: Path) -> None:
    """A path to a picture would end in a traceback."""
    (tmp_path / "picture").write_bytes(b"\x89PNG\xff\xfe" * 10)
    with pytest.raises(SecretNotFoundError):
        await resolve(f"file:{tmp_path / 'picture'}")


@pytest.mark.parametrize(
    "literal", [TOKEN, "hunter2hunter2", f":{TOKEN}", f"vault:{TOKEN}", "env:", "env", "", " env:HOME", "ENV:HOME"]
)
async def test_a_secret_itself_is_refused_and_not_repeated(literal: str) -> None:
    """It would lie on disk in plain sight, and stand in the error, the log and the dashboard."""
    with pytest.raises(InvalidSecretReferenceError) as caught:
        await resolve(literal, {"entry": lambda target: None})
    assert caught.value.placeholders["field"] == "bot_token"
    assert caught.value.placeholders["schemes"] == '"env:…", "file:…", "keyring:…", "entry:…"'
    if len(literal) > 9:
        assert literal not in f"{caught.value!r} {caught.value}"
        assert TOKEN not in f"{caught.value!r} {caught.value}"


async def test_all_are_checked_before_the_first_is_looked_up() -> None:
    """A person would correct one field after the other."""
    asked: list[str] = []

    def lookup(target: str) -> str:
        asked.append(target)
        return "secret"

    with pytest.raises(InvalidSecretReferenceError):
        await Secrets({"entry": lookup}).resolve({"a": "entry:1", "b": "literal"})
    assert asked == []


async def test_every_error_is_ours() -> None:
    """Callers catch `BachError`; another one would end the whole start."""
    assert issubclass(SecretNotFoundError, BachError)
    with pytest.raises(BachError):
        await resolve(f"file:{os.devnull}")


# -- writing ---------------------------------------------------------------------------------------------------------


class Drawer:
    """An application's place for secrets that can be written to."""

    def __init__(self) -> None:
        self.kept = {"home": "old"}

    def __call__(self, target: str) -> str | None:
        """The secret."""
        return self.kept.get(target)

    def store(self, target: str, secret: str) -> None:
        """Keep it."""
        if target == "locked":
            raise RuntimeError(f"will not keep {secret}")
        self.kept[target] = secret


async def test_a_new_secret_is_kept_where_the_application_keeps_them() -> None:
    """Home Assistant would lose a refresh token that has changed."""
    drawer = Drawer()
    secrets = Secrets({"entry": drawer})
    await secrets.store("refresh_token", "entry:home", "new")
    assert drawer.kept == {"home": "new"}


async def test_a_new_secret_replaces_the_file_and_nothing_else(tmp_path: Path) -> None:
    """A link would be replaced by a file, or half a secret would be left by a power cut."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old\n")
    link.symlink_to(real)
    secrets = Secrets()
    await secrets.store("refresh_token", f"file:{link}", "new")
    assert link.is_symlink()
    assert await secrets.resolve({"refresh_token": f"file:{real}"}) == {"refresh_token": "new"}
    assert sorted(tmp_path.iterdir()) == [link, real]


async def test_what_cannot_be_written_says_so_without_the_secret(tmp_path: Path) -> None:
    """A refresh token would be lost in silence, or stand in a log."""
    for reference in (f"file:{tmp_path}/missing/token", "entry:locked"):
        with pytest.raises(SecretNotSavedError) as caught:
            await Secrets({"entry": Drawer()}).store("refresh_token", reference, "n3w-secret")
        assert "n3w-secret" not in str(caught.value)
        assert caught.value.__suppress_context__


def test_where_nothing_can_be_written_is_known_before() -> None:
    """It would come out at night, when the first token changes."""
    secrets = Secrets({"entry": Drawer(), "fixed": {"a": "b"}.get})
    for reference in ("file:/x", "keyring:a/b", "entry:home"):
        secrets.require_writable("refresh_token", reference)
    for reference in ("env:TOKEN", "fixed:a", "s3cr3t"):
        with pytest.raises(SecretNotWritableError, match='"file:…", "keyring:…", "entry:…"') as caught:
            secrets.require_writable("refresh_token", reference)
        assert "s3cr3t" not in str(caught.value)
