"""`bach migrate-storage`: one clear sentence for whatever is wrong, and no password in any."""

import asyncio
from pathlib import Path

import psycopg

from tests.lib.cli.conftest import Run
from tests.lib.storage.moving.filled import change, fill
from tests.servers import Server

SECRET = "hunter2secret"


def test_it_says_what_has_moved_and_what_stays(bach_: Run, tmp_path: Path, database_address: str) -> None:
    """Nobody would know whether all is there, what is lacking on other machines, and how to come back."""
    file = asyncio.run(fill(tmp_path / "a.db"))
    moved = bach_("migrate-storage", file, database_address)
    assert moved.output.startswith(f"All of {file} is in {database_address} now: 2 connections, 5 messages, ")
    assert moved.output.endswith("  /secrets/1\n  /secrets/2\n")
    assert (moved.code, moved.errors) == (0, "")
    back = bach_("migrate-storage", database_address, tmp_path / "b.db", "--json").row()
    assert (back["from"], back["left"]) == (database_address, {})
    refused = bach_("msg", "outbox", "--db", file)
    assert refused.code == 1
    assert refused.errors.startswith(f"{file} has moved to {database_address}, so use that.")
    again = bach_("migrate-storage", file, "--take-back")
    assert again.output.startswith(f"{file} can be used again. 2 messages that wait in it are held")
    assert "has not moved anywhere" in bach_("migrate-storage", file, "--take-back").errors


def test_what_is_left_behind_is_counted(bach_: Run, tmp_path: Path) -> None:
    """Rows would be gone without a word."""
    file = asyncio.run(fill(tmp_path / "a.db"))
    change(file, "UPDATE inbox SET age = 'young' WHERE id = 3")
    refused = bach_("migrate-storage", file, tmp_path / "b.db")
    assert refused.errors == (
        f"The row with id 3 of the table inbox in {file} cannot be moved: age is no number. Mend it, or call this again"
        " with --leave-unreadable, which leaves such rows behind and counts them.\n"
    )
    assert refused.code == 1
    moved = bach_("migrate-storage", file, tmp_path / "b.db", "--leave-unreadable")
    assert "Left behind, as no database would take it: 1 inbox.\n" in moved.output


def test_whatever_is_wrong_is_one_sentence_without_a_password(bach_: Run, tmp_path: Path, postgresql: Server) -> None:
    """A password would stand in a terminal and its log, or something would be half-made."""
    file = asyncio.run(fill(tmp_path / "a.db"))
    name = postgresql.empty_database()
    here = f"127.0.0.1:{postgresql.port}/{name}"
    with psycopg.connect(postgresql.address(name), autocommit=True) as server:
        server.execute("DROP ROLE IF EXISTS nobody")
        server.execute("CREATE ROLE nobody LOGIN")
        server.execute("DROP SCHEMA IF EXISTS other CASCADE")
    (tmp_path / "other.db").write_text("something else, and long enough to be no database " * 5)
    wrong = {
        f"postgresql://bach:{SECRET}@127.0.0.1:1/{name}": "does not answer",
        f"postgresql://who:{SECRET}@{here}": "cannot be used: the server says",
        f"postgresql://nobody:{SECRET}@{here}": "cannot be used: this user has no right",
        f"postgresql://bach:{SECRET}@[::1/x": "is not the address",
        f"mysql://bach:{SECRET}@127.0.0.1/x": "Only postgresql:// leads to",
        str(tmp_path / "other.db"): "is not a readable database",
        str(tmp_path): "could not be read or written",
        str(file): "FROM and TO are the same",
    }
    for target, sentence in wrong.items():
        refused = bach_("migrate-storage", file, target)
        assert sentence in refused.errors, target
        assert (refused.code, refused.errors.count("\n"), refused.output) == (1, 1, ""), target
        assert SECRET not in refused.errors, target
        if target != str(file):
            assert SECRET not in bach_("migrate-storage", target, tmp_path / "c.db").errors, target
    assert not (tmp_path / "c.db").exists()
    with psycopg.connect(postgresql.address(name)) as server:
        assert server.execute("SELECT to_regnamespace('bach')").fetchone() == (None,)
        server.execute("CREATE SCHEMA bach; CREATE TABLE bach.things (id INT)")
    refused = bach_("migrate-storage", file, f"postgresql://bach:{SECRET}@{here}")
    assert "belongs to another program" in refused.errors
    for words in ((file,), (file, "b", "--take-back"), ()):
        assert bach_("migrate-storage", *words).code == 2
    extra = bach_("migrate-storage", file, "b", f"postgresql://bach:{SECRET}@{here}")
    assert extra.code == 2
    assert SECRET not in extra.errors
    assert "has not moved anywhere" in bach_("migrate-storage", file, "--take-back").errors
