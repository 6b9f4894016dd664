"""What people type: each command does what it says, says what it did, and ends with the code its help promises."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from unittest.mock import ANY

import pytest

from bach_lib.control.operations import inbox_operations as operations_inbox
from bach_lib.inbound import pairing_codes
from tests.lib.cli.conftest import ADA, TOKEN, Run, Telegram

ATTENTIVE = """
import signal
import sqlite3
signal.signal(signal.SIGINT, signal.default_int_handler)
from bach_lib.cli.__main__ import main
main()
"""
"""The command, minding Ctrl-C also where the tests run in the background: there it is passed on that nobody should."""

# -- connections -----------------------------------------------------------------------------------------------------


def test_a_secret_is_typed_kept_for_the_owner_and_never_shown(home: Run, database: Path) -> None:
    """The token would stand in a shell's history, in a process list, or in the database."""
    for words in (["connections", "show", "home"], ["connector", "list"], ["connections", "show", "home", "--json"]):
        said = home(*words)
        assert (said.code, TOKEN in said.output + said.errors) == (0, False)
    kept = database.with_name("bach.db.secrets") / "home.bot_token"
    assert kept.read_text("utf-8").strip() == TOKEN
    assert (stat.S_IMODE(kept.stat().st_mode), stat.S_IMODE(kept.parent.stat().st_mode)) == (0o600, 0o700)
    assert TOKEN.encode() not in database.read_bytes()
    assert home("connections", "show", "home", "--json").row()["auth_config"] == {"bot_token": f"file:{kept}"}


def test_a_secret_in_the_command_line_is_refused(bach_: Run, database: Path) -> None:
    """Everybody on the machine can read command lines."""
    said = bach_("connector", "add", "telegram", "home", "--secret", f"bot_token={TOKEN}")
    assert said.code == 1
    assert "Never write a secret into a command line" in said.errors
    assert not database.exists()


def test_a_reference_is_taken_as_it_is(bach_: Run, telegram: Telegram, tmp_path: Path) -> None:
    """Who keeps secrets elsewhere would have to keep them twice."""
    (tmp_path / "mine").write_text(TOKEN, "utf-8")
    reference = f"file:{tmp_path / 'mine'}"
    said = bach_("connector", "add", "telegram", "home", telegram.url, "--secret", f"bot_token={reference}")
    assert said.code == 0, said
    assert bach_("connector", "remove", "home", "--yes").code == 0
    assert (tmp_path / "mine").exists(), "what we did not write is not ours to delete"


def test_what_does_not_work_is_not_added_and_leaves_nothing(bach_: Run, telegram: Telegram, database: Path) -> None:
    """A wrong token would be found out by the first alarm that does not arrive."""
    said = bach_("connector", "add", "telegram", "home", telegram.url, typed="123456:wrongwrongwrongwrongwrong\n")
    assert said.code == 1
    assert "nothing was added" in said.errors
    assert bach_("connector", "list", "--json").rows() == []
    assert list(database.with_name("bach.db.secrets").iterdir()) == []


def test_an_unchecked_connection_may_be_added_offline(bach_: Run) -> None:
    """Without internet nothing could be set up."""
    said = bach_(
        "connector", "add", "telegram", "home", "http://127.0.0.1:9", "--no-check", "--disabled", typed=f"{TOKEN}\n"
    )
    assert said.code == 0
    [row] = bach_("connector", "list", "--json").rows()
    assert (row["name"], row["is_active"]) == ("home", False)


def test_no_secret_is_a_sentence(bach_: Run) -> None:
    """An empty file would be taken for a token."""
    said = bach_("connector", "add", "telegram", "home", typed="\n")
    assert (said.code, "No bot_token was given" in said.errors) == (1, True)


def test_a_connection_is_switched_and_configured(home: Run) -> None:
    """Its settings could only be changed by removing it, with its queue."""
    assert home("connector", "disable", "home", "--json").row()["is_active"] is False
    assert home("connector", "enable", "home", "--json").row()["is_active"] is True
    row = home("connector", "configure", "home", "allowed", "42, 43", "--json").row()
    assert row["allowed"] == ["42", "43"]
    row = home("connector", "configure", "home", "settings.sender_tag", "Summer house", "--json").row()
    assert row["settings"] == {"sender_tag": "Summer house"}
    refused = home("connector", "configure", "home", "settings.sendertag", "Summer house")
    assert (refused.code, 'Did you mean "sender_tag"?' in refused.errors) == (1, True)
    assert home("connector", "configure", "home", "settings.sender_tag", "", "--json").row()["settings"] == {}
    refused = home("connector", "configure", "home", "success_count", "7")
    assert (refused.code, "not for people to set" in refused.errors) == (1, True)


def test_a_new_secret_takes_the_place_of_the_old(home: Run, database: Path) -> None:
    """After a token was revoked the connection would have to be removed."""
    assert home("connector", "configure", "home", "bot_token", typed="123456:another-token-of-that-bot\n").code == 0
    kept = database.with_name("bach.db.secrets") / "home.bot_token"
    assert kept.read_text("utf-8").strip() == "123456:another-token-of-that-bot"
    elsewhere = database.with_name("elsewhere")
    elsewhere.write_text(TOKEN, "utf-8")
    assert home("connector", "configure", "home", "bot_token", f"file:{elsewhere}").code == 0
    assert (kept.exists(), elsewhere.exists()) == (False, True), "a token that nobody uses stays nowhere"


def test_removing_asks_first_and_takes_everything_with_it(home: Run, database: Path) -> None:
    """A slip of the hand would delete a queue; or a token would stay on the disk for ever."""
    home("connector", "send", "home", ADA, "waits")
    refused = home("connector", "remove", "home", typed="n\n")
    assert (refused.code, "1 waiting message" in refused.errors) == (1, True)
    removed = home("connections", "remove", "home", "--yes", "--json")
    assert removed.row() == {"removed": "home", "messages": 1}
    assert home("connections", "list", "--json").rows() == []
    assert list(database.with_name("bach.db.secrets").iterdir()) == []


def test_a_webhook_asks_for_its_address_as_a_secret(bach_: Run) -> None:
    """Whoever reads the address of a webhook can write there."""
    address = "https://discord.com/api/webhooks/1234567890/secret-secret-secret"
    added = bach_("connector", "add", "discord_webhook", "alarm", "--no-check", typed=f"{address}\n")
    assert added.code == 0, added
    assert "secret-secret" not in bach_("connections", "show", "alarm").output


def test_connections_are_filtered(home: Run) -> None:
    """Somebody with forty connections would search by eye."""
    assert home("connections", "add", "ollama", "llama", "http://127.0.0.1:9", "--no-check").code == 0
    names = [
        [row["name"] for row in home("connections", "list", *words, "--json").rows()]
        for words in ([], ["--category", "ai"], ["--type", "telegram"], ["--category", "mcp"])
    ]
    assert names == [["home", "llama"], ["llama"], ["home"], []]
    assert [row["name"] for row in home("connector", "list", "--json").rows()] == ["home"]
    assert home("connections", "list", "--category", "x").code == 2


def test_a_check_says_who_answers_and_what_does_not(home: Run, telegram: Telegram) -> None:
    """A script could not tell whether all is well."""
    [row] = home("connections", "check", "--json").rows()
    assert (row["is_good"], row["answer"]) == (True, "@home_bot")
    home("connections", "add", "ollama", "llama", "http://127.0.0.1:9", "--no-check")
    said = home("connections", "check", "llama", "--json")
    assert (said.code, said.rows()[0]["is_good"]) == (1, False)
    assert said.rows()[0]["hops"] == [{"hop": "tcp", "is_good": False, "milliseconds": ANY}]
    shown = home("connections", "check", "llama")
    assert "TCP failed" in " ".join(shown.output.split())
    assert "at this port" in " ".join(shown.output.split())
    names = ("tcp", "http", "credentials", "permission")
    assert row["hops"] == [{"hop": name, "is_good": True, "milliseconds": ANY} for name in names]


# -- sending ---------------------------------------------------------------------------------------------------------


def test_a_message_waits_until_it_is_dispatched(home: Run, telegram: Telegram) -> None:
    """Without a daemon nothing could be sent, or it would go unasked."""
    sent = home("connector", "send", "home", ADA, "The", "door", "is open", "--json")
    assert (sent.code, sent.row()["status"], telegram.sent) == (0, "pending", [])
    done = home("connector", "dispatch", "--json")
    assert (done.code, done.rows()[0]["sent"]) == (0, 1)
    assert telegram.sent == ["The door is open"]


def test_what_dispatching_leaves_is_said(home: Run, telegram: Telegram) -> None:
    """A command would end with 1 and not a word, and nobody would know what to switch on."""
    home("connector", "disable", "home")
    home("connector", "send", "home", ADA, "later")
    resting = home("connector", "dispatch")
    assert (resting.code, resting.errors) == (
        1,
        "What is left waits for connections that are disabled: bach connector enable home\n",
    )
    home("connector", "enable", "home")
    telegram.pause()
    left = home("connector", "dispatch", "--seconds", 1)
    assert (left.code, left.errors.count("Not everything has gone yet.")) == (1, 1), left
    endless = home("connector", "dispatch", "--seconds", "inf")
    assert (endless.code, endless.errors.count("seconds")) == (1, 2), endless


def test_waiting_for_delivery_says_what_came_of_it(home: Run, telegram: Telegram) -> None:
    """A script that must know would have to look again and again."""
    assert home("connector", "send", "home", ADA, "now", "--wait", 20, "--json").row()["status"] == "sent"
    refused = home("connector", "send", "home", "43", "nobody", "--wait", 20)
    assert (refused.code, refused.output.count("The platform says:")) == (1, 1), refused


def test_the_text_may_come_through_a_pipe(home: Run) -> None:
    """A report of several lines could not be sent."""
    home("connector", "send", "home", ADA, "-", typed="line one\nline two\n")
    [row] = home("msg", "outbox", "--json").rows()
    assert row["text"] == "line one\nline two\n"


def test_a_group_may_be_written_to(home: Run) -> None:
    """The ids of groups begin with a dash and would be taken for options."""
    assert home("connector", "send", "home", "-1001234567890", "hello", "--silent").code == 0
    misspelt = home("connector", "send", "home", ADA, "--titel", "x")
    assert (misspelt.code, "--titel" in misspelt.errors) == (2, True)
    assert [row["recipient"] for row in home("msg", "outbox", "--json").rows()] == ["-1001234567890"]


def test_what_is_beside_the_words_may_be_said(home: Run, database: Path) -> None:
    """Whoever protects a message in a script would find it passed on."""
    assert home("connector", "send", "home", ADA, "hello", "--no-preview", "--protected").code == 0
    with closing(sqlite3.connect(database)) as file:
        [[extras]] = file.execute("SELECT extras FROM messages")
    assert json.loads(extras) == {"link_preview": False, "protected": True}


def test_a_poll_and_a_frame_may_be_typed(home: Run, database: Path) -> None:
    """Nobody could ask a family from a script, or would lose half of what they typed."""
    assert home("connector", "send-poll", "home", ADA, "Pizza?", "Yes", "No", "--several").code == 0
    frame = ("--effect", "fire", "--embed", '{"title": "Cellar"}')
    assert home("connector", "send", "home", ADA, "", *frame).code == 0
    with closing(sqlite3.connect(database)) as file:
        [[poll], [effect]] = file.execute("SELECT extras FROM messages")
        [_, [text]] = file.execute("SELECT text FROM messages")
    asked = {"question": "Pizza?", "options": ["Yes", "No"], "multiple": True}
    assert (json.loads(poll), json.loads(effect), text) == ({"poll": asked}, {"effect": "fire"}, "Cellar")


@pytest.mark.parametrize(
    "wrong",
    [
        ("send", "home", ADA, "hello", "--embed", "[1]"),
        ("send", "home", ADA, "hello", "--embed", "{"),
        ("send", "home", ADA, "hello", "--effect", "sparkles"),
        ("send-poll", "home", ADA, "Pizza?", "Yes"),
        ("send-poll", "home", ADA, "Pizza?", "Yes", "--severall"),
    ],
)
def test_half_a_poll_is_refused(home: Run, wrong: tuple[str, ...]) -> None:
    """It would be sent without an answer to choose, or a frame without what stands in it."""
    refused = home("connector", *wrong)
    assert (refused.code in {1, 2}, home("msg", "outbox", "--json").rows()) == (True, [])
    assert refused.errors


def test_a_key_makes_repeating_safe(home: Run) -> None:
    """A script that is run twice would ring twice."""
    ids = [home("connector", "send", "home", ADA, "ding", "--key", "k", "--json").row()["id"] for _ in range(2)]
    assert ids == [1, 1]
    assert home("connector", "send", "home", ADA, "dong", "--key", "k").code == 1


def test_dead_letters_are_shown_and_sent_again(home: Run, telegram: Telegram) -> None:
    """Somebody would have to write the message anew."""
    home("connector", "send", "home", 43, "lost", "--wait", 20)
    assert home("connector", "queue-status", "--json").rows()[0]["dead"] == 1
    telegram.add_chat(43, "Bob")
    assert home("connector", "retry", "all", "--json").row()["retried"] == 1
    assert home("connector", "dispatch").code == 0
    assert telegram.sent == ["lost"]
    again = home("connector", "retry", 1)
    assert (again.code, "cannot be retried" in again.errors) == (1, True)
    assert home("connector", "retry", "x").code == 1


def test_sending_again_says_what_came_of_it(home: Run, telegram: Telegram) -> None:
    """A script would take for delivered what is dead again a second later."""
    home("connector", "send", "home", 43, "lost", "--wait", 20)
    again = home("connector", "retry", 1, "--wait", 20)
    assert (again.code, "Chat not found" in again.output) == (1, True)
    assert home("connector", "retry", "all", "--wait", 20, "--json").row() == {
        "retried": 1,
        "sent": 0,
        "waiting": 0,
        "dead": 1,
        "uncertain": 0,
        "reasons": ["Chat not found"],
    }


def test_a_dead_letter_is_corrected_shown_and_given_up(home: Run, telegram: Telegram) -> None:
    """The commonest mistake, a wrong id, could not be mended at a terminal."""
    home("connector", "send", "home", 43, "lost", "--wait", 20)
    home("connector", "send", "home", 44, "unimportant", "--wait", 20)
    amended = home("msg", "amend", 1, "--to", ADA, "--text", "found", "--wait", 20, "--json").row()
    assert (amended["id"], amended["status"], telegram.sent) == (1, "sent", ["found"])
    shown = home("msg", "show", 1)
    assert (shown.code, "found" in shown.output) == (0, True)
    assert isinstance(home("msg", "show", 1, "--json").row()["attempts"], list)
    assert home("msg", "discard", 2, "--json").row() == {"discarded": 1}
    assert home("msg", "show", 2, "--json").row()["status"] == "cancelled"
    assert home("msg", "discard", "all", "--json").row() == {"discarded": 0}
    for refused in (("discard", 2), ("discard", "x"), ("amend", 1, "--text", "y"), ("show", 99)):
        assert home("msg", *refused).code == 1


def test_a_waiting_message_is_cancelled(home: Run) -> None:
    """A mistake could not be taken back."""
    home("connector", "send", "home", ADA, "oops")
    assert home("msg", "cancel", 1, "--json").row()["status"] == "cancelled"
    assert home("connector", "unprocessed", "--json").rows() == []


def test_an_unknown_connection_is_named(home: Run) -> None:
    """Somebody would see a traceback instead of the names there are."""
    said = home("connector", "send", "hme", ADA, "x")
    assert (said.code, said.errors) == (
        1,
        'There is no connection named "hme". Known connections: home.\n',
    )


# -- receiving -------------------------------------------------------------------------------------------------------


@pytest.fixture
def inbox(home: Run, telegram: Telegram) -> Run:
    """Two messages of Ada have come in."""
    for text in ("first", "second"):
        telegram.write(text)
    said = home("connector", "poll", "home", "--json")
    assert (said.code, said.row()["received"]) == (0, 2), said
    return home


def test_what_came_in_is_read_archived_counted_and_deleted(inbox: Run) -> None:
    """People could not work through their inbox."""
    assert [row["text"] for row in inbox("msg", "inbox", "--json").rows()] == ["second", "first"]
    shown = inbox("msg", "read", 1)
    assert (shown.code, "first" in shown.output) == (0, True)
    assert [row["text"] for row in inbox("msg", "unread", "--json").rows()] == ["second"]
    assert inbox("msg", "archive", 1, "--json").row() == {"archived": 1}
    [numbers] = inbox("msg", "count", "--json").rows()
    assert numbers == {"connection": "home", "unread": 1, "read": 0, "archived": 1, "total": 2}
    assert inbox("msg", "delete", 1, 2, 99, "--json").row() == {"deleted": 2}
    assert inbox("msg", "list", "--json").rows() == []
    assert inbox("msg", "read", 1).code == 1


def test_what_could_not_be_understood_is_shown_with_its_reason(inbox: Run, database: Path) -> None:
    """A message would be missing, and nobody could find out what it was."""
    assert "Everything that came in was understood." in inbox("msg", "unreadable", "home").output
    with closing(sqlite3.connect(database)) as file:
        for number in range(3):
            row = ("home", f'{{"n": {number}, "x": "\x1b[2J"}}', "no text in it", 1.0)
            file.execute("INSERT INTO unreadable (connection, raw, reason, received_at) VALUES (?, ?, ?, ?)", row)
        file.commit()
    rows = inbox("msg", "unreadable", "home", "--json").rows()
    assert [row["reason"] for row in rows] == ["no text in it"] * 3
    assert '"n": 2' in str(rows[0]["raw"]), "the newest first"
    shown = inbox("msg", "unreadable", "home", "--limit", 1)
    assert "no text in it" in shown.output
    assert "\x1b[2J" not in shown.output
    assert "there are more" in shown.errors
    nobody = inbox("msg", "unreadable", "hme")
    assert (nobody.code, 'no connection named "hme"' in nobody.errors) == (1, True)


def test_filters_show_what_they_say(inbox: Run) -> None:
    """A misspelt filter would show everything."""
    assert len(inbox("msg", "inbox", "--sender", "home:42", "--limit", 1, "--offset", 1, "--json").rows()) == 1
    assert inbox("msg", "inbox", "--sender", "home:43", "--json").rows() == []
    assert inbox("msg", "inbox", "--status", "raed").code == 2
    assert inbox("msg", "inbox", "--sender", "nobody").code == 1


def test_both_directions_are_listed_together(inbox: Run) -> None:
    """An answer would not stand below its question."""
    inbox("connector", "send", "home", ADA, "third")
    for words in (["connector", "messages"], ["msg", "list"], ["connector", "unprocessed"]):
        assert sorted(str(row["text"]) for row in inbox(*words, "--json").rows()) == ["first", "second", "third"]


def test_what_other_people_write_does_nothing_to_the_terminal(inbox: Run, telegram: Telegram) -> None:
    """A message could repaint the screen, or hide what stands before it."""
    telegram.write("\x1b[2Jgone \u202eevil \x07[red]plain[/red]")
    inbox("connector", "poll", "home")
    for words in (["msg", "inbox"], ["msg", "read", "3"]):
        said = inbox(*words).output
        assert not {"\x1b", "\u202e", "\x07"} & set(said)
        assert "[red]plain[/red]" in said


def test_rules_are_kept_and_switched(inbox: Run, telegram: Telegram) -> None:
    """Rules could only be made inside of Home Assistant."""
    assert inbox("rules", "set", "door", "--phrase", "open the door", "--pattern", "gate\\b").code == 0
    telegram.write("please open the door")
    inbox("connector", "poll", "home")
    [newest, *_] = inbox("msg", "inbox", "--json").rows()
    assert isinstance(newest["metadata"], dict)
    assert newest["metadata"]["context_triggers"] == ["door"]
    assert inbox("rules", "disable", "door", "--json").row()["is_active"] is False
    assert inbox("rules", "enable", "door", "--json").row()["is_active"] is True
    assert inbox("rules", "remove", "door", "--json").row()["phrases"] == ["open the door"]
    assert inbox("rules", "list", "--json").rows() == []
    assert (inbox("rules", "enable", "door").code, inbox("rules", "remove", "door").code) == (1, 1)
    assert inbox("rules", "set", "bad", "--pattern", "(").code == 1


def test_routing_has_nothing_left_to_do(inbox: Run) -> None:
    """A script made for the original would fail."""
    assert inbox("connector", "route", "--json").row() == {"routed": 0}


def test_somebody_is_let_in_by_writing(home: Run, telegram: Telegram, monkeypatch: pytest.MonkeyPatch) -> None:
    """People would have to find out their own number first, and would allow the wrong one."""
    home("connector", "configure", "home", "allowed", "")
    monkeypatch.setattr(operations_inbox, "LAST_WORD", 0.1)
    monkeypatch.setattr(pairing_codes, "new_code", lambda: "K7QF2-MXP9R")
    telegram.write("/start")
    refused = home("connector", "pair", "home", "--seconds", 20, typed="n\n")
    assert (refused.code, "Let Ada (42) in?" in refused.errors) == (0, True), refused
    assert "?start=K7QF2-MXP9R" in refused.output
    assert home("connections", "show", "home", "--json").row()["allowed"] == []
    telegram.write("/start")
    assert home("connector", "pair", "home", "--yes", "--json").rows()[0]["allowed"] is False, "anybody can press Start"
    telegram.write("/start K7QF2-MXP9R")
    assert home("connector", "pair", "home", "--yes", "--json").rows()[0]["allowed"] is True
    assert home("connections", "show", "home", "--json").row()["allowed"] == ["42"]
    nobody = home("connector", "pair", "home", "--seconds", 1)
    assert (nobody.code, "Nobody has written" in nobody.errors) == (1, True)


# -- the command itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        *("connector list", "connector status", "connector queue-status", "connector unprocessed"),
        *("connections list", "msg list", "msg count", "msg unread", "rules list"),
    ],
)
def test_an_empty_bach_says_so(bach_: Run, typed: str) -> None:
    """An empty table looks like a failure."""
    words = typed.split()
    missing = bach_(*words)
    assert (missing.code, "There is no database at" in missing.errors) == (1, True)
    bach_("rules", "set", "door", "--phrase", "door")
    bach_("rules", "remove", "door")
    said = bach_(*words)
    assert said.code == 0
    assert said.output.strip().endswith((".", "NAME", "…"))
    assert bach_(*words, "--json").rows() == []


def test_wrong_usage_has_a_code_of_its_own(bach_: Run) -> None:
    """A script could not tell its own mistake from a failure."""
    assert [bach_(*words).code for words in (["msg", "read", "x"], ["connector", "nothing"], ["msg", "delete"])] == [
        2,
        2,
        2,
    ]


def test_help_loads_no_more_than_it_needs() -> None:
    """Everybody who presses the tab key would wait for platforms and servers that nobody asked for."""
    code = "import bach_lib.cli.app, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "bach_lib.cli.connector_commands" in loaded
    assert loaded & {"telegram", "discord", "rich.table", "bach_lib.rest", "bach_lib.cli.session"} == set()


def test_shells_can_complete_it() -> None:
    """The tab key would do nothing."""
    env = {"_BACH_COMPLETE": "complete_bash", "COMP_WORDS": "bach connector que", "COMP_CWORD": "2"}
    command = [sys.executable, "-m", "bach_lib.cli"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ) | env)
    assert said.stdout.split() == ["queue-status"]


def test_watching_shows_what_comes(home: Run, telegram: Telegram, database: Path) -> None:
    """Nobody could follow a conversation."""
    words = ["msg", "watch", "--json", "--db", str(database)]
    with subprocess.Popen([sys.executable, "-c", ATTENTIVE, *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            telegram.write("hello")
            lines: list[str] = []
            reader = threading.Thread(target=lambda out: lines.append(out.readline()), args=(process.stdout,))
            reader.start()
            reader.join(300)  # the condition ends it; a machine may be busy
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        finally:
            process.kill()
    assert json.loads(lines[0])["text"] == "hello"


def test_the_extra_is_named_when_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who installs the library alone would see a traceback."""
    from bach_lib.cli.__main__ import main  # noqa: PLC0415 - the entry point, as an installed script calls it

    monkeypatch.setitem(sys.modules, "typer", None)
    for name in [name for name in sys.modules if name.startswith("bach_lib.cli.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, "bach-lib[cli]" in capsys.readouterr().err) == (1, True)


# -- files -----------------------------------------------------------------------------------------------------------


def test_a_file_is_sent(home: Run, telegram: Telegram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script could not send the picture it has just taken."""
    (tmp_path / "door.jpg").write_bytes(b"picture")
    monkeypatch.chdir(tmp_path)
    sent = home("connector", "send-file", "home", ADA, "door.jpg", "--text", "Look", "--wait", 20, "--json")
    assert sent.row()["status"] == "sent"
    assert telegram.files == [("door.jpg", b"picture")]
    assert telegram.sent == ["Look"]


def test_a_file_that_is_not_there(home: Run, telegram: Telegram, tmp_path: Path) -> None:
    """A traceback would say less than a sentence; or the words would go without the picture."""
    missing = home("connector", "send-file", "home", ADA, tmp_path / "no.jpg")
    assert (missing.code, "no.jpg cannot be read: No such file" in missing.errors) == (1, True)
    assert home("connector", "send-file", "home", ADA, "--titel").code == 2
    assert telegram.sent == []
