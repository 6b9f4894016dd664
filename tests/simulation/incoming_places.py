"""Who is let in, as far as it can be known from outside: by what platforms told of people and places, in its order.

What was told first of a spelling counts. Whoever is let in by a name that only an account told which nobody reads any
more, or that two were told to have, may be let in or not; about them the judge says nothing.
"""

from collections.abc import Iterable

from tests.simulation.incoming_story import IncomingStory, Told


def is_friend(story: IncomingStory, key: str) -> bool:
    """Whether a message must be let in."""
    told = [one for one in story.told if one.account == story.account_of[key]]
    last = max((one.moment for one in told if one.moment <= _told_with(story, key)), default=0)
    known: dict[str, str] = {}
    for one in told:
        if one.moment <= last and not _is_disputed(story, one):
            known.setdefault(one.old, one.new)
    message = story.written[key]
    place, person = _follow(known, message.recipient), _follow(known, message.sender_id)
    allowed = {_entry(entry, known) for entry in story.allowed}
    return not allowed.isdisjoint({(place, ""), (person, ""), (place, person)})


def is_stranger(story: IncomingStory, key: str) -> bool:
    """Whether a message must not be let in, whatever was learned when."""
    message, told = story.written[key], _that_may_count(story)
    places, people = _all(told, message.recipient), _all(told, message.sender_id)
    for entry in story.allowed:
        first, mark, person = entry.partition("#")
        forms = _all(told, first)
        if mark and forms & places and _all(told, person) & people:
            return False
        if not mark and forms & (places | people):
            return False
    return True


def _that_may_count(story: IncomingStory) -> list[Told]:
    """What was told first of each spelling; where several accounts told of it, whatever they did."""
    accounts: dict[str, set[int]] = {}
    for one in story.told:
        accounts.setdefault(one.old, set()).add(one.account)
    found: dict[str, list[Told]] = {}
    for one in story.told:
        if one.old not in found or len(accounts[one.old]) > 1:
            found.setdefault(one.old, []).append(one)
    return [one for some in found.values() for one in some]


def may_be(story: IncomingStory, form: str, written: str) -> bool:
    """Whether this may be the one form of an address."""
    return form in _all(story.told, written)


def _told_with(story: IncomingStory, key: str) -> int:
    """Until when what was told was told before a message or with it; nothing is known of what somebody pushed."""
    pushed = any(call.what == "push" and f"{call.number}" == key for call in story.calls)
    if pushed:
        return 0
    following = [moment for moment in story.written_at.values() if moment > story.written_at[key]]
    return min(following, default=story.moments) - 1


def _is_disputed(story: IncomingStory, told: Told) -> bool:
    """Whether it was told otherwise, too, where that counts or not by what nobody outside knows."""
    others = {one.new.partition(".")[0] for one in story.told if one.old == told.old}
    elsewhere = any(one.old == told.old and one.new != told.new and one.account != told.account for one in story.told)
    return elsewhere and len(others) > 1


def _follow(known: dict[str, str], address: str) -> str:
    while address in known:
        address = known[address]
    return address


def _entry(entry: str, known: dict[str, str]) -> tuple[str, str]:
    place, _, person = entry.partition("#")
    return _follow(known, place), _follow(known, person)


def _all(told: Iterable[Told], address: str) -> set[str]:
    found, told = [address], list(told)
    for form in found:  # which grows meanwhile
        found += [one.new for one in told if one.old == form and one.new not in found]
    return set(found)
