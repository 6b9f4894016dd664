"""Fair shares of the connections: everybody works, nobody on the same thing, and as little as possible moves."""

from hypothesis import given
from hypothesis import strategies as st

from bach_lib.owners.share import Step, View, next_step, shares_of

PROCESSES = st.sets(st.integers(1, 9), min_size=1, max_size=6)
CONNECTIONS = st.sets(st.text("abcdef", min_size=1, max_size=3), max_size=40)


@st.composite
def views(draw: st.DrawFn) -> View:
    """Any state of the database: owners that have gone, names that were removed, one who has everything."""
    processes, connections = draw(PROCESSES), draw(CONNECTIONS)
    names = [*sorted(connections), "removed"]
    owners = draw(st.dictionaries(st.sampled_from(names), st.integers(1, 12)))
    return View(processes=frozenset(processes), connections=frozenset(connections), owners=owners)


def after(view: View, steps: dict[int, Step]) -> View:
    """The database when everybody has done this; of two who want the same the first has it."""
    owners = dict(view.owners)
    for process, step in steps.items():
        for name in step.give:
            del owners[name]
        for name in step.take:
            if owners.get(name) not in view.processes:
                owners[name] = process
    return View(processes=view.processes, connections=view.connections, owners=owners)


def settled(view: View) -> tuple[View, int]:
    """The view when nobody wants anything any more, and after how many turns."""
    for turn in range(20):
        steps = {process: next_step(view, process) for process in sorted(view.processes)}
        if all(step == Step() for step in steps.values()):
            return view, turn
        view = after(view, steps)
    raise AssertionError(f"still moving: {view}")


@given(views())
def test_everything_has_an_owner_in_the_end_and_nobody_has_two_more_than_another(view: View) -> None:
    """A connection would be worked on by nobody, or one process by far more than the others."""
    end, _ = settled(view)
    held = [len(end.held_by(process)) for process in end.processes]
    assert end.ownerless == []
    assert sum(held) == len(end.connections)
    assert max(held) - min(held) <= 1


@given(views())
def test_shares_add_up(view: View) -> None:
    """Some connections would be nobody's share, or two would quarrel over one."""
    assert sum(shares_of(view).values()) == len(view.connections)


@given(views())
def test_all_that_nobody_has_is_taken_by_one(view: View) -> None:
    """Processes that begin together would wait for each other over what one of them gets, and one would give up."""
    takes = [name for process in view.processes for name in next_step(view, process).take]
    assert sorted(takes) == view.ownerless


@given(views())
def test_nobody_gives_and_takes_in_one_turn_or_takes_what_another_has(view: View) -> None:
    """Connections would go round and round, or a bot would be polled twice."""
    for process in view.processes:
        step = next_step(view, process)
        assert not (step.take and step.give)
        assert all(view.owners.get(name) not in view.processes for name in step.take)
        assert set(step.give) <= set(view.held_by(process))


@given(views())
def test_what_is_fair_stays(view: View) -> None:
    """Each turn would stop and start connections for nothing."""
    end, _ = settled(view)
    assert settled(end) == (end, 0)


@given(views())
def test_no_more_moves_than_must(view: View) -> None:
    """A process that came would make the others stop more than what it takes over."""
    given_away = sum(len(next_step(view, process).give) for process in view.processes)
    least = sum(max(0, len(view.held_by(process)) - shares_of(view)[process]) for process in view.processes)
    assert given_away == least


def test_a_process_that_was_ended_takes_nothing() -> None:
    """It would work beside the one that took over."""
    view = View(processes=frozenset({2}), connections=frozenset({"a"}), owners={})
    assert next_step(view, 1) == Step()


def test_the_oldest_process_leads() -> None:
    """Two would remove old messages, or none."""
    assert View(processes=frozenset({7, 4, 9}), connections=frozenset(), owners={}).leader == 4
    assert View(processes=frozenset(), connections=frozenset(), owners={}).leader is None
