"""Definitions of routes: what is wrong is refused with a sentence that says what, the rest is kept as it was said."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bach_lib import Format, Place, Reached, Route, RouteWords, Step
from bach_lib.errors import InvalidValueError, UnknownConnectionError, UnknownRouteError, WrongLoopError
from bach_lib.routes import defined
from bach_lib.routes.defined import Routes
from bach_lib.routes.starting import new_run
from bach_lib.storage import Store

ADA = Place(connection="home", recipient="ada")
STEP = Step(places=(ADA,))
WATER = Route(name="water", steps=(STEP,))
FULL = Route(
    name="é.1-_",
    steps=(
        Step(places=(ADA, replace(ADA, recipient="bób")), wait=1.5, in_turn=True),
        Step(places=(ADA,), reached=Reached.SEEN, repeats=3, repeat_every=7.0),
    ),
    words=RouteWords(button="Ich übernehme", acknowledged="{name}: {time}", over="Vorbei"),
)


def known(name: str) -> None:
    """There is one connection."""
    if name != "home":
        raise UnknownConnectionError(name=name, known="home")


def nothing() -> None:
    """The right event loop."""


async def opened(store: Store, check_loop: Callable[[], None] = nothing) -> Routes:
    """The routes of a database."""
    routes = Routes(store, check_loop, known)
    await routes.open()
    return routes


async def test_a_route_is_kept_as_it_was_said(store: Store) -> None:
    """After a restart an alarm would wait too long, tell all at once, or be content with less."""
    routes = await opened(store)
    for route in (FULL, replace(WATER, words=RouteWords(over="!")), WATER):
        await routes.set(route)
    for one in (routes, await opened(store)):
        assert one.list() == [WATER, FULL]
        assert one.get("é.1-_") == FULL
    await routes.remove("water")
    for one in (routes, await opened(store)):
        assert one.list() == [FULL]
    with pytest.raises(UnknownRouteError, match=r'no route named "water"\. Known routes: é\.1-_\.'):
        routes.get("water")
    await routes.remove(FULL.name)
    with pytest.raises(UnknownRouteError, match="Known routes: none"):
        await routes.remove("water")
    rows = await store.read(lambda tx: tx.rows("list_routes"))
    assert rows == []


async def test_another_event_loop_changes_nothing(store: Store) -> None:
    """Two threads would write over each other."""

    def wrong() -> None:
        raise WrongLoopError

    routes = await opened(store, wrong)
    with pytest.raises(WrongLoopError):
        await routes.set(WATER)
    with pytest.raises(WrongLoopError):
        await routes.remove("water")
    assert routes.list() == []


NAMES = '1 to 100 letters, digits, "_", "-" or "."'
WAITS = "more than 0 seconds, at most 7 days"
WORDS = "at most 200 characters"


@pytest.mark.parametrize(
    ("wrong", "field", "value", "expected"),
    [
        ({"name": "no name"}, "name", "no name", NAMES),
        ({"name": "x" * 101}, "name", "x" * 100, NAMES),
        ({"name": 7}, "name", "7", NAMES),
        ({"steps": ()}, "steps", "()", "from 1 to 20, in a tuple"),
        ({"steps": []}, "steps", "[]", "from 1 to 20, in a tuple"),
        ({"steps": (ADA,)}, "steps", str((ADA,))[:50], "from 1 to 20, in a tuple"),
        ({"places": ("ada",)}, "places", "('ada',)", "from 1 to 20, in a tuple"),
        ({"steps": (STEP,) * 21}, "steps", str((STEP,))[:50], "from 1 to 20, in a tuple"),
        ({"places": ()}, "places", "()", "from 1 to 20, in a tuple"),
        ({"places": (ADA,) * 21}, "places", str((ADA,) * 2)[:50], "from 1 to 20, in a tuple"),
        ({"wait": 0}, "wait", "0", WAITS),
        ({"wait": True}, "wait", "True", WAITS),
        ({"wait": "1"}, "wait", "1", WAITS),
        ({"wait": 604_800.5}, "wait", "604800.5", WAITS),
        ({"repeat_every": -1.0}, "repeat_every", "-1.0", WAITS),
        ({"repeats": -1}, "repeats", "-1", "a whole number from 0 to 100"),
        ({"repeats": 101}, "repeats", "101", "a whole number from 0 to 100"),
        ({"in_turn": "yes" * 9}, "in_turn", ("yes" * 9)[:20], "true or false"),
        ({"reached": "perhaps"}, "reached", "perhaps", "sent, delivered, seen, answered, acknowledged"),
        ({"places": (replace(ADA, connection=" "),)}, "connection", " ", "a text"),
        ({"places": (replace(ADA, recipient=7),)}, "recipient", "7", "a text"),  # type: ignore[arg-type] # as programs do
        ({"places": (replace(ADA, recipient="x" * 201),)}, "recipient", "x" * 50, WORDS),
        ({"words": RouteWords(button=" " * 60)}, "button", " " * 50, "a text"),
        ({"words": RouteWords(over="x" * 201)}, "over", "x" * 50, WORDS),
        ({"words": RouteWords(acknowledged=None)}, "acknowledged", "None", "a text"),  # type: ignore[arg-type] # as programs do
    ],
)
async def test_what_is_wrong_is_named(
    store: Store, wrong: dict[str, Any], field: str, value: str, expected: str
) -> None:
    """Whoever writes a route would be told that something is wrong, and would look for it at the wrong place."""
    routes = await opened(store)
    of_step = {name: given for name, given in wrong.items() if hasattr(STEP, name)}
    of_route = {name: given for name, given in wrong.items() if not hasattr(STEP, name)}
    route = replace(WATER, steps=(STEP, replace(STEP, **of_step))) if of_step else replace(WATER, **of_route)
    with pytest.raises(InvalidValueError) as error:
        await routes.set(route)
    assert str(error.value) == f'"{value}" is not possible for {field}. Use {expected}.'
    assert error.value.field == field
    assert (routes.list(), (await opened(store)).list()) == ([], [])


async def test_the_longest_and_the_most_are_possible(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the documents promise would be refused; or a program that makes routes would fill the memory."""
    monkeypatch.setattr(defined, "_MOST", 1)
    most = replace(STEP, places=(ADA,) * 20, wait=604_800.0, repeats=100, repeat_every=604_800)
    words = RouteWords(button="x" * 200)
    route = Route(name="x" * 100, steps=(most,) * 20, words=words)
    routes = await opened(store)
    await routes.set(replace(route, words=RouteWords()))
    await routes.set(route)
    assert (await opened(store)).list() == [route]
    with pytest.raises(
        InvalidValueError, match=r'^"water" is not possible for name\. Use at most 1 routes\.$'
    ) as error:
        await routes.set(WATER)
    assert error.value.field == "name"
    with pytest.raises(InvalidValueError, match=r'^"nonsense" is not possible for name'):
        await routes.set("nonsense")  # type: ignore[arg-type] # as programs do
    with pytest.raises(UnknownConnectionError):
        await routes.set(replace(route, steps=(STEP, replace(STEP, places=(ADA, replace(ADA, connection="moon"))))))


async def test_a_damaged_route_is_named_and_costs_no_other(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody would know why the alarm of the cellar tells nobody; or no other could be told either."""
    routes = await opened(store)
    for name in ("a", "b"):
        await routes.set(replace(WATER, name=name))
    await store.submit(lambda tx: tx.run("save_route", name="a", steps="x", words="[]"))
    assert [route.name for route in (await opened(store)).list()] == ["b"]
    assert caplog.messages == [
        'The route "a" is damaged in the database, and is left out until it is set anew: steps, words'
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"text": 7}, '"int 7" is not possible for text. Use text.'),
        ({"text": " \n"}, "The message has no text. Give it at least one visible character."),
        ({"text": "x" * 10_001}, f'"{"x" * 20}…" is not possible for text. Use at most 10000 characters.'),
        ({"silent": "yes" * 10}, f'"{("yes" * 10)[:20]}" is not possible for silent. Use true or false.'),
        ({"tag": 7}, '"int 7" is not possible for tag. Use text.'),
        ({"title": 7}, '"int 7" is not possible for title. Use text.'),
        ({"format": "odd"}, '"odd" is not possible for format. Use plain, markdown, html, json.'),
        ({"format": "json"}, '"json" is not possible for format. Use plain, markdown, html.'),
        ({"priority": 11}, '"11" is not possible for priority. Use a whole number from -10 to 10.'),
        ({"priority": -11}, '"-11" is not possible for priority. Use a whole number from -10 to 10.'),
    ],
)
def test_what_cannot_be_told_is_named(options: dict[str, Any], said: str) -> None:
    """Whoever starts an alarm by hand would not know what to change."""
    with pytest.raises(Exception) as error:  # noqa: PT011 - the sentence says which
        new_run(WATER, options.pop("text", "Water!"), options, 1.0)  # type: ignore[arg-type] # as programs do
    assert str(error.value) == said


def test_a_run_says_what_it_was_told_to_say() -> None:
    """The title or the priority of an alarm would be lost; or one would be silent that must wake somebody."""
    run = new_run(FULL, "x" * 10_000, {"title": "Cellar", "format": "html", "silent": True, "priority": -10}, 7.0)
    said = run.said
    assert (said.text, said.title, said.format, said.silent, said.priority) == (
        "x" * 10_000,
        "Cellar",
        Format.HTML,
        True,
        -10,
    )
    assert (run.id, run.route, run.steps, run.words, run.started_at) == (0, FULL.name, FULL.steps, FULL.words, 7.0)
    plain = new_run(FULL, "!", {}, 7.0).said
    assert (plain.title, plain.format, plain.silent, plain.priority) == (None, Format.PLAIN, False, 0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'loud'"):
        new_run(FULL, "!", {"loud": True, "silent": True, "title": None}, 7.0)  # type: ignore[typeddict-unknown-key] # as programs do
