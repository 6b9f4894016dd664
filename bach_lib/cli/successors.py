"""Table of the original's commands and what they are called now, for whoever has them in their fingers.

The original wrote most of its groups with two dashes (`bach --connections list`). Nothing here is carried out: some of
it means a little more or less than it did, and a script should be changed once and knowingly.
"""

from collections.abc import Mapping, Sequence

_GROUPS: Mapping[str, str] = {
    "connection": "connections",
    "connections": "connections",
    "connector": "connector",
    "connectors": "connector",
    "daemon": "daemon",
    "inject": "inject",
    "injector": "inject",
    "injectors": "inject",
    "message": "msg",
    "messages": "msg",
    "msg": "msg",
    "notify": "notify",
    "partner": "partner",
    "partners": "partner",
    "scheduler": "scheduler",
}
"""How it wrote them, and the one word for each."""

_NO_PARTNERS = "Who does what is not BACH's job any more. AI partners it can ask: bach connections list --category ai"
_NO_JOBS = (
    "There are no jobs any more: bach serve does everything when it is due. How things stand: bach connector status"
)

_SUCCESSORS: Mapping[tuple[str, ...], str] = {
    ("connections", "actors"): _NO_PARTNERS,
    ("connections", "db"): "bach connections list",
    ("connections", "help"): "bach connections --help",
    ("connections", "partners"): _NO_PARTNERS,
    ("connector", "help"): "bach connector --help",
    ("connector", "setup-scheduler"): "bach connector setup-daemon",
    ("connector", "setup-wizard"): "bach connector add TYPE NAME",
    (
        "connector",
        "smart-route",
    ): "What people write is a trigger of Home Assistant now (bach.command_received),"
    " or for a program: bach msg watch --json",
    ("daemon", "event"): _NO_JOBS,
    ("daemon", "help"): "bach daemon --help",
    ("daemon", "jobs"): _NO_JOBS,
    ("daemon", "list"): _NO_JOBS,
    ("daemon", "run"): "bach connector dispatch",
    ("daemon", "session"): _NO_PARTNERS,
    ("daemon", "start"): "bach serve, or as a service: bach connector setup-daemon",
    ("inject",): "bach rules list",
    ("inject", "list"): "bach rules list",
    ("inject", "status"): "bach rules list",
    ("inject", "toggle"): "bach rules enable NAME, or bach rules disable NAME",
    ("msg", "help"): "bach msg --help",
    ("msg", "list", "--inbox"): "bach msg inbox",
    ("msg", "list", "--outbox"): "bach msg outbox",
    ("msg", "ping"): "bach connections check",
    ("msg", "read", "--ack"): "bach msg read ID",
    ("msg", "send"): "bach connector send NAME RECIPIENT TEXT",
    ("msg", "watch", "--from"): "bach msg watch --connection NAME",
    ("notify",): "bach connector send NAME RECIPIENT TEXT",
    ("notify", "help"): "bach connector --help",
    ("notify", "history"): "bach msg outbox",
    ("notify", "list"): "bach connector list",
    ("notify", "send"): "bach connector send NAME RECIPIENT TEXT",
    ("notify", "setup"): "bach connector add TYPE NAME",
    ("notify", "status"): "bach connector status",
    ("notify", "test"): "bach connections check NAME",
    ("partner",): _NO_PARTNERS,
    ("scheduler",): _NO_JOBS,
    ("scheduler", "doctor"): "bach daemon doctor",
    ("scheduler", "logs"): "bach daemon logs",
    ("scheduler", "run"): "bach connector dispatch",
    ("scheduler", "start"): "bach serve, or as a service: bach connector setup-daemon",
    ("scheduler", "status"): "bach daemon status",
    ("scheduler", "stop"): "bach daemon stop",
}
_DRY_RUN = (
    "There is no --dry-run any more. Whether a connection works: bach connections check NAME. What is queued can be"
    " taken out as long as it waits: bach msg cancel ID"
)


def successor(words: Sequence[str]) -> str | None:
    """A sentence with what these words are called now; None if they are none of the original's."""
    first = words[0] if words else ""
    group = _GROUPS.get(first.removeprefix("--").casefold())
    if group is None:
        return _DRY_RUN if "--dry-run" in words else None
    if found := _found(group, words[1:]):
        return found if _is_sentence(found) else _said(words, found)
    if first.startswith("--") or first != group:
        return _said(words, " ".join(("bach", group, *words[1:2])))
    return _DRY_RUN if "--dry-run" in words else None


def _found(group: str, rest: Sequence[str]) -> str | None:
    """The longest that fits. Options may stand anywhere behind the command."""
    command = next((word for word in rest if not word.startswith("-")), None)
    options = [word.partition("=")[0] for word in rest if word.startswith("--")]
    keys = [(group, command, option) for option in options if command] + ([(group, command)] if command else [])
    return next((_SUCCESSORS[key] for key in [*keys, (group,)] if key in _SUCCESSORS), None)


def _is_sentence(found: str) -> bool:
    return not found.startswith("bach ")


def _said(words: Sequence[str], now: str) -> str:
    old = " ".join(("bach", *words[:2], *(word for word in words[2:3] if word.startswith("--"))))[:80]
    return f"`{old}` has another name now: {now}"
