"""What is promised of places that have many spellings: what was learned counts for good, and everything meets there."""

from collections.abc import Iterator

from bach_lib.models.incoming import IncomingMessage
from tests.simulation.order import is_over
from tests.simulation.places import chain
from tests.simulation.story import FINISHED, Handed, Meeting, Story

_ROUNDING = 0.01


def goes_where_its_place_is(story: Story) -> Iterator[str]:
    """Who took over a name would read what is meant for others, or what waits be stranded at an old address."""
    for one in story.handed:
        places = story.standings(one.number, one.moment, one.decided_at)
        told = [met for met in story.told_forms if met.connection == one.connection and met.moment < one.moment]
        known = [story.form(name, address, one.chosen_at) for name, address in places if name == one.connection]
        if not any(one.recipient in chain(told, each) for each in known) and not _stays_where_it_stands(story, one):
            yield f"m{one.number} to {sorted(places)}, known as {known}, was handed to {one.connection} {one.recipient}"


def _stays_where_it_stands(story: Story, one: Handed) -> bool:
    """Whether it may change the older message of its tag, which has its id at the address that it went to."""
    send = story.sends[one.number]
    return (send.tag is not None and send.silent) and any(
        older.recipient == one.recipient and older.connection == one.connection
        for older in story.handed
        if older.moment < one.moment
        and story.sends[older.number].tag == send.tag
        and story.places(older.number) & story.places(one.number)
    )


def what_was_learned_stays(story: Story) -> Iterator[str]:
    """A place would be two again after a restart, and the second to take a name get the first one's rights."""
    first: dict[tuple[str, str], Meeting] = {}
    for met in story.known_forms:
        told = [one for one in story.told_forms if one.connection == met.connection and one.moment < met.moment]
        if met.new not in chain(told, met.old):
            yield f"{met.old} became {met.new}, and nobody said so"
        before = first.setdefault((met.connection, met.old), met)
        if met.new not in chain(story.told_forms, before.new):
            yield f"{met.old} was {before.new}, and became {met.new}"
    for (connection, address), form in story.forms.items():
        known = story.form(connection, address, float("inf"))
        if form not in chain([one for one in story.told_forms if one.connection == connection], known):
            yield f"{address} was known as {known}, and is {form}"


def who_listened_has_learned(story: Story) -> Iterator[str]:
    """A name that the platform has told would be nobody's, and whoever is let in by it a stranger."""
    for call in story.calls:
        if call.what != "tell" or not isinstance(call.result, IncomingMessage) or call.ended_at is None:
            continue
        said = [one for one in story.told_forms if one.tell == call.number]
        for met in said:
            others = [one for one in story.told_forms if (one.connection, one.old) == (met.connection, met.old)]
            forms = {story.forms[met.connection, one] for one in (met.old, met.new)}
            if len(forms) > 1 and all(one.new == met.new for one in others):
                yield f"{met.old} was said to be {met.new}, and they are {sorted(forms)}"


def limits_meet(story: Story) -> Iterator[str]:
    """The platform would be asked for more than it takes, by as many names as a place has."""
    for index, one in enumerate(story.handed):
        if one.connection not in story.limits:
            continue
        before = [each for each in story.handed[:index] if _counts(story, each, one)]
        count, per = story.limits[one.connection]
        for number, each in enumerate(reversed(before), 1):
            elapsed = one.at - each.chosen_at + _spent_apart(story, each, one)
            if number > count - 1 + elapsed * count / per + _ROUNDING:
                yield f"m{one.number} at {one.at:.1f} is number {number + 1} in {elapsed:.1f} s to {one.recipient}"
                break


def _has_ended_unsent(story: Story, number: int, before: Handed) -> bool:
    """Whether the newer one is gone; one that was on its way when that came is then the only one of its tag."""
    if is_over(story, number, before):
        return True
    told = [note.name for note in story.told(number) if note.moment < before.moment]
    return bool(told) and told[-1] in FINISHED and told[-1] != "MessageSent"


def _spent_apart(story: Story, before: Handed, one: Handed) -> float:
    """Seconds in which what were thought to be two places made room beside each other."""
    meetings = [met for met in story.known_forms if met.connection == one.connection]
    return sum(met.at - before.chosen_at for met in meetings if before.chosen_at < met.at <= one.at)


def _counts(story: Story, before: Handed, one: Handed) -> bool:
    if before.process != one.process or story.was_interrupted(before.at, one.at):
        return False
    places = [story.lane(each.number, one.chosen_at) for each in (before, one)]
    return places[0][0] == places[1][0] and places[0][1].partition("/")[0] == places[1][1].partition("/")[0]


def what_goes_is_followed(story: Story) -> Iterator[str]:
    """Whoever looks just then would find no word of what goes on; or another chat's message would be gone."""
    for taken in story.tidied:
        older = story.shown[int(taken.takes_away or "") - 1]
        ids = {
            one.number: one.event.message.id
            for one in story.notes
            if one.name == "MessageSent" and one.moment < taken.moment
        }
        followers = [
            number
            for number, id_ in ids.items()
            if story.sends[number].tag == story.sends[older.number].tag is not None and id_ > ids.get(older.number, 0)
        ]
        if not followers or older.connection != taken.connection:
            yield f"at {taken.at:.1f} m{older.number} was taken away, and nothing newer of its tag was there"


def tags_meet(story: Story) -> Iterator[str]:
    """The old value would arrive as well as the new one, and maybe after it."""
    for number, send in story.sends.items():
        if send.tag is None or number not in story.messages:
            continue
        queued = next((note for note in story.told(number) if note.name == "MessageQueued"), None)
        if queued is None:
            continue
        lane = story.lane(number, story.send_calls[number].at)
        for one in story.handed:
            older = story.sends[one.number]
            if one.moment < queued.moment or older.tag != send.tag or one.id >= story.messages[number].id:
                continue
            if (
                one.chosen_at <= queued.at
                or _has_ended_unsent(story, number, one)
                or any(call.moment < one.moment for each in (number, one.number) for call in story.changes(each))
                or lane != story.lane(one.number, story.send_calls[number].at)
            ):
                continue
            revived = [note for note in story.told(one.number) if note.name == "MessageQueued"]
            if not any(note.moment > queued.moment for note in revived):
                yield f"m{one.number} was handed over at {one.at:.1f}, and m{number} had its tag"
