"""A command that is refused leaves the secrets of the others as they were."""

import os
from pathlib import Path

import pytest

from bach_lib.cli import connection_input, secret_files
from bach_lib.cli.exits import note
from bach_lib.cli.options import Settings, _settings
from bach_lib.control.sentences import SentenceError, UnansweredError
from tests.lib.cli.conftest import ADA, TOKEN, Run, Serve, Telegram

OTHER = "123456:another-token-of-that-bot"


def kept(database: Path) -> dict[str, str]:
    """All secret files with what is in them."""
    folder = database.with_name("bach.db.secrets")
    return {path.name: path.read_text("utf-8").strip() for path in folder.iterdir()}


@pytest.mark.parametrize("words", [(), ("--no-check",), ("--secret", "bot_token=env:HOME")])
def test_a_name_that_is_taken_keeps_its_secret(home: Run, database: Path, words: tuple[str, ...]) -> None:
    """Whoever adds "home" once more would destroy the token of the home they have."""
    for typed in ("123456:wrong-wrong-wrong-wrong-wrong\n", f"{OTHER}\n", ""):
        refused = home("connector", "add", "telegram", "home", *words, typed=typed)
        assert (refused.code, 'named "home" exists' in refused.errors) == (1, True)
        assert kept(database) == {"home.bot_token": TOKEN}


@pytest.mark.parametrize("has_daemon", [False, True])
def test_a_refused_change_keeps_the_old_secret(
    home: Run, serve: Serve, database: Path, monkeypatch: pytest.MonkeyPatch, has_daemon: bool
) -> None:
    """A slip in a token's name, or a disk that is full, would leave a connection without any."""

    async def refuse(*_: object, **__: object) -> None:
        raise SentenceError("no")

    def check() -> None:
        for words in (("telegram", "configure"), ("nobody", "bot_token"), ("home", "Bot Token"), ("home", "last_used")):
            assert home("connector", "configure", *words, typed=f"{OTHER}\n").code == 1
            assert kept(database) == {"home.bot_token": TOKEN}
        monkeypatch.setattr("bach_lib.cli.session.Remote.ask", refuse)
        monkeypatch.setattr("bach_lib.registry.Registry.update", refuse)
        assert home("connector", "configure", "home", "bot_token", typed=f"{OTHER}\n").code == 1
        assert kept(database) == {"home.bot_token": TOKEN}

    if has_daemon:
        with serve():
            check()
    else:
        check()


def test_a_new_secret_is_used_at_once(home: Run, serve: Serve, telegram: Telegram) -> None:
    """The daemon would go on with the revoked token, because the reference to it says the same."""
    with serve():
        home("connector", "configure", "home", "bot_token", typed="123456:wrong-wrong-wrong-wrong-wrong\n")
        assert home("connector", "send", "home", ADA, "with the wrong one", "--wait", 1).code == 1
        home("connector", "configure", "home", "bot_token", typed=f"{TOKEN}\n")
        assert home("connector", "send", "home", ADA, "with the right one", "--wait", 30).code == 0
    assert telegram.sent == ["with the wrong one", "with the right one"]


def test_a_secret_that_two_use_stays_while_one_does(home: Run, database: Path) -> None:
    """Removing one connection would take the token of another with it."""
    reference = f"file:{database.with_name('bach.db.secrets') / 'home.bot_token'}"
    words = ("--no-check", "--disabled", "--secret", f"url={reference}")
    assert home("connector", "add", "webhook", "other", *words).code == 0
    assert home("connector", "remove", "home", "--yes").code == 0
    assert kept(database) == {"home.bot_token": TOKEN}
    assert home("connector", "remove", "other", "--yes").code == 0
    assert kept(database) == {}


def test_an_empty_value_takes_a_secret_away(home: Run, database: Path) -> None:
    """The manual promises it, and a secret that nobody needs would stay for ever."""
    words = ("--no-check", "--disabled", "--endpoint", "https://example.org/alerts")
    assert home("connector", "add", "webhook", "alerts", *words).code == 0
    assert home("connector", "configure", "alerts", "secret", typed="secret-that-signs-all\n").code == 0
    assert set(kept(database)) == {"home.bot_token", "alerts.secret"}
    refused = home("connector", "configure", "alerts", "secrt", typed="never-read\n")
    assert (refused.code, 'Did you mean "secret"?' in refused.errors) == (1, True)
    assert home("connector", "configure", "alerts", "secret", "").code == 0
    assert kept(database) == {"home.bot_token": TOKEN}


def test_what_may_have_been_taken_stays(database: Path) -> None:
    """If the daemon dies while it is asked, the connection that it had just written would lose its token."""
    _settings.set(Settings(database=database))

    def ask(error: BaseException, *, offered: bool) -> None:
        with connection_input.NewSecrets() as new:
            new.references("home", (), ["token=env:X"])
            new._written.append(secret_files.keep(database, "home", "token", "secret"))
            if not offered:
                raise error
            with new.offered():
                raise error

    for error in (SentenceError("no"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            ask(error, offered=False)
    with pytest.raises(SentenceError):
        ask(SentenceError("no"), offered=True)
    assert kept(database) == {}
    with pytest.raises(UnansweredError):
        ask(UnansweredError("gone"), offered=True)
    with pytest.raises(KeyboardInterrupt):
        ask(KeyboardInterrupt(), offered=True)
    assert set(kept(database)) == {"home.token", "home.token.2"}


def test_a_relative_reference_means_the_same_everywhere(
    bach_: Run, telegram: Telegram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon stands in another folder, and would look for the file there."""
    (tmp_path / "mine").write_text(TOKEN, "utf-8")
    monkeypatch.chdir(tmp_path)
    added = bach_("connector", "add", "telegram", "home", telegram.url, "--secret", "bot_token=file:mine")
    assert added.code == 0, added
    row = bach_("connections", "show", "home", "--json").row()
    assert row["auth_config"] == {"bot_token": f"file:{tmp_path / 'mine'}"}


def test_the_same_bot_twice_is_refused(home: Run, telegram: Telegram, database: Path) -> None:
    """Both would take each other's messages away, and the daemon would complain of itself."""
    for words in ((), ("--no-check",), ("--disabled",)):
        refused = home("connector", "add", "telegram", "again", telegram.url, *words, typed=f"{TOKEN}\n")
        assert (refused.code, '"home" is the same account already' in refused.errors) == (1, True)
    assert home("connector", "add", "telegram", "another", "--no-check", "--disabled", typed="99:other\n").code == 0
    changed = home("connector", "configure", "another", "endpoint", telegram.url)
    assert changed.code == 0
    refused = home("connector", "configure", "another", "bot_token", typed=f"{TOKEN}\n")
    assert (refused.code, '"home" is the same account already' in refused.errors) == (1, True)
    assert kept(database) == {"home.bot_token": TOKEN, "another.bot_token": "99:other"}


def test_a_wrong_token_says_what_to_do(bach_: Run, telegram: Telegram) -> None:
    """A bare "Unauthorized" tells nobody where the right one is."""
    for typed in ("123456:wrongwrongwrongwrongwrong", "bot123456:wrongwrongwrongwrongwrong"):
        refused = bach_("connector", "add", "telegram", "home", telegram.url, typed=f"{typed}\n")
        assert (refused.code, "@BotFather" in refused.errors) == (1, True), refused


def test_an_address_is_no_file(bach_: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder "ftp:" would be made where the command is run, with a password in a name, or a daemon work in it."""
    monkeypatch.chdir(tmp_path)
    address = "ftp://ada:hunter2@host/bach.db"
    for words in (
        ("connections", "list"),
        ("connector", "add", "telegram", "home", "--no-check"),
        ("connector", "send", "home", "42", "Hello"),
        ("serve", "--port", "0"),
        ("daemon", "status"),
        ("backup", "copy.db"),
    ):
        refused = bach_(*words, "--db", address, typed=f"{OTHER}\n")
        assert refused.code == 1, words
        assert "hunter2" not in refused.errors + refused.output
        assert '"ftp://…" is not possible for --db. Use' in refused.errors, words
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", ["pipe", "folder", "/dev/zero", "/dev/full"])
def test_what_is_no_file_is_neither_waited_for_nor_written_to(bach_: Run, tmp_path: Path, what: str) -> None:
    """A script would hang at a pipe for ever, or files of ours lie among the devices."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    place, before = tmp_path / what, sorted(Path("/dev").iterdir())
    for words in (("connections", "list"), ("connector", "send", "home", "42", "Hello"), ("serve", "--port", "0")):
        refused = bach_(*words, "--db", str(place))
        assert refused.code == 1, words
        assert str(place) in refused.errors, words
        assert "inside BACH" not in refused.errors, words
    refused = bach_("import-legacy", str(place))
    assert refused.code == 1
    assert str(place) in refused.errors
    assert "inside BACH" not in refused.errors
    assert sorted(Path("/dev").iterdir()) == before
    assert {file.name for file in tmp_path.iterdir()} >= {"pipe", "folder"}
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(("pipe.", "folder."))]


@pytest.mark.parametrize("wait", ["-1", "nan", "1e308", "inf", "soon", ""])
def test_a_wait_that_is_none_is_refused_before_anything_is_sent(home: Run, wait: str) -> None:
    """A message would go out of which the script believes that it was refused, and once more with the next try."""
    refused = home("connector", "send", "home", "42", "Hello", "--wait", wait)
    assert refused.code in {1, 2}, refused
    assert refused.errors.strip()
    assert "Traceback" not in refused.errors
    assert "inside BACH" not in refused.errors
    assert home("msg", "outbox", "--json").output.strip() == "[]"


def test_a_long_sentence_is_cut_between_words_and_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What to do stands at its end; and a log of lines would take what somebody typed for lines of its own."""
    note(f'Nobody can say "{"word " * 1000}"\nto this. Say "help"\r\ninstead.')
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.endswith("instead.\n")
    begin, end = said.split(" … ")
    assert (begin.split()[-1], end.split()[0]) == ("word", "word")
    assert len(said) <= 1201
    note("x" * 5000)
    assert len(capsys.readouterr().err) == 1201
    note("It is short.")
    assert capsys.readouterr().err == "It is short.\n"
