"""An address is shown to people and written into logs: never with its password."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from bach_lib.storage import Address, is_address
from bach_lib.storage.postgresql import address as addresses

SECRET = "p4ss:w/0rd"


@pytest.mark.parametrize(
    ("full", "shown"),
    [
        ("postgresql://ada:p4ss%3Aw%2F0rd@db.home:5433/bach", "postgresql://ada@db.home:5433/bach"),
        (
            "postgres://db.home/bach?password=p4ssword&host=/run/pg&sslmode=require",
            "postgresql://db.home/bach?host=/run/pg",
        ),
        ("postgresql://ada:a@b@db.home/bach", "postgresql://ada@db.home/bach"),
        ("postgresql:///bach", "postgresql:///bach"),
        ("postgresql://ada:p4ssword@[::1/bach", "postgresql://…"),
        ("postgresql://ada@one:1,two:2/bach", "postgresql://ada@one:1,two:2/bach"),
    ],
)
def test_it_is_shown_without_what_is_secret(full: str, shown: str) -> None:
    """Whoever reads a log, or looks over somebody's shoulder, could read everybody's messages."""
    address = Address(full)
    assert str(address) == shown
    assert repr(address) == f"Address('{shown}')"
    assert "p4ss" not in shown


@pytest.mark.parametrize(
    "sentence",
    [
        "no: p4ss%3Aw%2F0rd",
        f"no: {SECRET}",
        "no: postgresql://ada:p4ss%3Aw%2F0rd@db.home/bach",
    ],
)
def test_what_the_driver_says_is_told_without_it(sentence: str) -> None:
    """The driver repeats what it was given where it does not understand it."""
    said = Address("postgresql://ada:p4ss%3Aw%2F0rd@db.home/bach").redact(sentence)
    assert said == "no: ***"


def test_a_password_that_is_a_word_does_not_spoil_every_sentence() -> None:
    """Whoever has "a" for a password would read nothing but stars."""
    assert Address("postgresql://ada:a@db.home/bach").redact("a bad day") == "a bad day"
    assert addresses._LEAST == 4


@pytest.mark.parametrize(
    ("full", "host", "database"),
    [
        ("postgresql://ada:p4ssword@db.home:5433/bach?sslmode=require", "db.home:5433", "bach"),
        ("postgresql://ada@one:1,two:2/bach", "one:1,two:2", "bach"),
        ("postgresql:///bach?host=/run/pg", "/run/pg", "bach"),
        ("postgresql://db.home?dbname=bach", "db.home", "bach"),
        ("postgresql://db.home/other?dbname=bach", "db.home", "bach"),
        ("postgresql://ada:p4ssword@[::1/bach", "…", ""),
    ],
)
def test_where_it_leads_can_be_told(full: str, host: str, database: str) -> None:
    """A bug report would not say of which database it is, or it would say the password, too."""
    address = Address(full)
    assert (address.host, address.database) == (host, database)


@pytest.mark.parametrize("full", ["postgresql://ada@db.home/bach", "postgresql://ada:old@db.home/bach?sslmode=require"])
def test_a_password_of_any_signs_can_be_given_apart(full: str) -> None:
    """Nobody could have a password with an @ who does not know how an address is written."""
    address = Address(full).with_password("p4ss @:/?#&%+word")
    assert conninfo_to_dict(address.full)["password"] == "p4ss @:/?#&%+word"
    assert str(address) == "postgresql://ada@db.home/bach"
    assert address.has_secret
    assert address.redact("no: p4ss @:/?#&%+word") == "no: ***"


def test_an_address_that_nobody_can_read_is_not_repeated() -> None:
    """What looks like a password in it could be one."""
    assert Address("postgresql://ada:p4ssword@[::1/bach").redact("bad: p4ssword") == "bad: ***"


@pytest.mark.parametrize(
    ("named", "is_one"),
    [("postgresql://x/y", True), ("PostgreSQL://x/y", True), ("postgres://x", True), ("bach.db", False), ("", False)],
)
def test_a_file_is_no_address(named: str, is_one: bool) -> None:
    """A file of that name would be made, or a server asked for somebody's file."""
    assert is_address(named) is is_one


@pytest.mark.parametrize(
    ("full", "has_secret"),
    [
        ("postgresql://ada:x@db/b", True),
        ("postgresql://db/b?sslpassword=x", True),
        ("postgresql://ada@db/b?sslmode=require", False),
        ("postgresql://ada:p4ssword@[::1/bach", True),
    ],
)
def test_whether_a_password_stands_in_it(full: str, has_secret: bool) -> None:
    """It would be written into a unit that anybody may read."""
    assert Address(full).has_secret is has_secret


def test_the_driver_gets_the_scheme_as_it_wants_it() -> None:
    """Whoever writes PostgreSQL:// would be told that this is no address."""
    address = Address("PostgreSQL://ada@Db.home/Bach")
    assert (address.full, str(address)) == ("postgresql://ada@Db.home/Bach", "postgresql://ada@Db.home/Bach")
