"""Which spellings mean one place: pure, in any order, whatever a platform tells."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bach_lib.models.spellings import Alias, Sighting, Spellings

NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
FORMS = NAMES | st.tuples(NAMES, NAMES).map("/".join)
SIGHTINGS = st.builds(
    Sighting,
    id=FORMS,
    names=st.lists(NAMES, max_size=2).map(tuple),
    was=st.lists(NAMES, max_size=2).map(tuple),
)


def taught(*sightings: Sighting) -> Spellings:
    """What is known after all of them, in this order."""
    known = Spellings()
    for sighting in sightings:
        for alias in known.new_aliases(sighting):
            known.add(alias)
    return known


def test_a_chain_of_moves_ends_where_the_group_is_now() -> None:
    """Who is still known by the oldest address would get nothing."""
    known = taught(Sighting(id="b", was=("a",)), Sighting(id="c", was=("b",)))
    assert [known.normal(one) for one in ("a", "b", "c", "d")] == ["c", "c", "c", "d"]
    assert sorted(known.spellings("b")) == ["a", "b", "c"]


def test_news_of_a_move_comes_twice_and_in_any_order() -> None:
    """Old and new group both tell of a move, and what is told again would overwrite what came since."""
    known = taught(Sighting(id="c", was=("b",)), Sighting(id="b", was=("a",)), Sighting(id="c", was=("b",)))
    assert [known.normal(one) for one in ("a", "b", "c")] == ["c", "c", "c"]
    assert len(known) == 2


def test_a_circle_of_moves_ends() -> None:
    """A platform that has gone mad would let a look-up run for ever."""
    known = taught(Sighting(id="b", was=("a",)), Sighting(id="c", was=("b",)), Sighting(id="a", was=("c",)))
    assert {known.normal(one) for one in ("a", "b", "c")} == {"c"}


def test_a_name_that_is_given_away_leads_nobody_to_the_rights_of_who_had_it() -> None:
    """Usernames are free again when somebody gives them up: whoever takes the name would command the house."""
    known = taught(Sighting(id="1", names=("@ada",)), Sighting(id="2", names=("@ada",)))
    assert (known.normal("@ada"), known.normal("2")) == ("1", "2")
    assert known.new_aliases(Sighting(id="2", names=("@ada",))) == []


def test_a_topic_goes_with_its_chat() -> None:
    """The topics of a group would stay behind under its old name, in lanes of their own."""
    known = taught(Sighting(id="-1", names=("@home",)), Sighting(id="9/5", names=("5",)))
    assert (known.normal("@home/7"), known.normal("5"), known.normal("9/5")) == ("-1/7", "9/5", "9/5")
    assert known.spellings("-1/7") == ["-1/7", "@home/7"]


def test_what_changes_a_message_stays_where_the_message_has_its_id() -> None:
    """After a move, the number of an old message means another one: the wrong one would be changed."""
    known = taught(Sighting(id="-1", names=("@home",)), Sighting(id="-2", was=("-1",)))
    assert known.normal("@home") == "-2"
    assert known.normal("@home", through_moves=False) == "-1"


def test_what_is_no_sighting_teaches_nothing() -> None:
    """A connector is foreign code: what it says without sense would stand on disk for good."""
    senseless: list[object] = [
        None,
        Sighting(id="", names=("a",)),
        Sighting(id="a" * 301, names=("b",)),
        Sighting(id="a", names=("b\nc",)),
        Sighting(id="a", names=("b/c",)),
        Sighting(id="a", names=tuple("bcdefghij")),
        Sighting(id="a", names=(5,)),  # type: ignore[arg-type] # as foreign code may
    ]
    assert [Spellings().new_aliases(one) for one in senseless] == [[]] * len(senseless)  # type: ignore[arg-type]


def test_what_is_forgotten_leads_nowhere() -> None:
    """What made room would go on deciding who is who, until the next start."""
    known = taught(Sighting(id="1", names=("@ada", "@countess")))
    known.forget("@ada")
    known.forget("@nobody")
    assert (known.normal("@ada"), known.normal("@countess")) == ("@ada", "1")
    known.forget("@countess")
    assert "1" not in known
    assert len(known) == 0


@settings(max_examples=300, deadline=None)
@given(sightings=st.lists(SIGHTINGS, max_size=12))
def test_there_is_one_form_and_it_means_itself(sightings: list[Sighting]) -> None:
    """A look-up would not end, or two of them would say different things of one place."""
    known = taught(*sightings)
    for address in "abcde":
        normal = known.normal(address)
        assert known.normal(normal) == normal
        assert normal in known.spellings(address)
        assert known.spellings(address) == known.spellings(normal)


@settings(max_examples=300, deadline=None)
@given(sightings=st.lists(SIGHTINGS, max_size=12))
def test_what_was_learned_of_a_spelling_first_counts(sightings: list[Sighting]) -> None:
    """Who takes over a name later would take over the rights that it led to."""
    known = Spellings()
    for sighting in sightings:
        before = {one.spelling: one for one in known.aliases}
        for alias in known.new_aliases(sighting):
            known.add(alias)
        after = {one.spelling: one for one in known.aliases}
        assert before.items() <= after.items()
    again = Spellings(known.aliases)
    assert {one: again.normal(one) for one in "abcde"} == {one: known.normal(one) for one in "abcde"}


@settings(max_examples=300, deadline=None)
@given(sightings=st.lists(SIGHTINGS, max_size=12))
def test_places_that_nobody_called_one_stay_two(sightings: list[Sighting]) -> None:
    """Two people would get each other's messages and rights."""
    known = taught(*sightings)
    groups = {one: {one} for one in "abcde"}
    for sighting in sightings:
        ids = [sighting.id.partition("/")[0], *sighting.id.split("/")]
        for name in (*sighting.names, *sighting.was):
            union = set().union(*(groups[one] for one in (name, *ids)))
            groups |= dict.fromkeys(union, union)
    for one in "abcde":
        for part in known.normal(one).split("/"):
            assert part in groups[one]


def test_an_alias_that_gainsays_what_is_known_is_not_taken() -> None:
    """What two parts of the program learned at the same time would make a circle."""
    known = Spellings()
    assert known.add(Alias(spelling="a", normal="b"))
    assert not known.add(Alias(spelling="a", normal="c"))
    assert not known.add(Alias(spelling="b", normal="a"))
