"""Classifies the errors of signal-cli-rest-api: one table, no I/O. What follows from that is in `observations`.

The server answers nearly everything that goes wrong with status 400 and the words of signal-cli. In JSON-RPC mode those
of a send are mostly a bare "Failed to send message", whether the network is down or nobody has this number; then only a
question about the network can tell, see `SignalConnector.check`. Sentences are known by how they begin, and errors of
Java by the class that stands at their end or their beginning: what stands between may be the name of a group or of a
file, which people chose. (signal-cli: `SendMessageResultUtils`, `SendCommand`, `App` and the exceptions of
`manager.api`; signal-cli-rest-api: `api.go`, `client.go`, `jsonrpc2.go`; of summer 2026.)
"""

import re
from collections.abc import Iterator, Mapping

from bach_lib.connectors.network import at_most_a_day
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.said import Sentence

DEFAULT_WAIT = 300.0
"""Seconds, where Signal says that it was too much, without saying how long to wait."""
NO_SUCH_AUTHOR = "author_not_found"
"""The code where who wrote what is answered or reacted to has no Signal (any more)."""

_SAYS = Sentence("signal_says", "{words}")
"""In English the bare words, which are English; in every other language they are marked as those of Signal."""
_BEGINNINGS: Mapping[str, tuple[str, ...]] = {
    "rate_limited": (
        *("failed to send message due to rate limiting", "rate limit", "captcha ", "proof required"),
        "account is rate limited",
    ),
    "untrusted": (
        "failed to send message due to untrusted identities",
        "unable to complete request due to untrusted recipient keys",
        "untrusted identity",
    ),
    "chat_not_found": (
        *("unregistered user", "group not found", "no group with that ", "no user with that id"),
        *("invalid group id", "invalid signal group size", "failed to decode groupid"),
        *("invalid phone number", "invalid number", "invalid identifier", "invalid recipient type"),
        "invalid username",
    ),
    "forbidden": (
        *("user is not a group member", "user is not a member", "not a group member", "not a member"),
        *("user is not allowed to send", "user is last admin in group", "this function is not supported for linked"),
    ),
    "auth_failed": (
        *("invalid account", "specified account does not exist", "authorization failed", "number not registered with"),
        *("couldn't process request - malformed number", "couldn't process request - number missing"),
        *("couldn't process request - please provide a valid number", "please provide a valid number"),
        *("method requires account parameter", "method requires valid account", "no local users found"),
        *("failed to load the given account", "error while checking account", "error loading state file"),
        *("cannot send message to group - please first update your profile", "account is pin locked"),
    ),
    "bad_request": (
        *("couldn't process request", "invalid request", "sending empty message is not allowed"),
        *("no recipients given", "please provide at least one recipient", "please specify at least one recipient"),
        *("more than one recipient", "a signal message cannot be sent to more than one group"),
        *("signal messenger groups and ", "signal messenger phone numbers and "),
        *("quote author parameter is missing", "invalid mention syntax", "invalid textstyle syntax", "invalid style"),
        *("invalid sticker", "invalid attachment syntax", "failed to send sticker", "'view_once' can only be set"),
        *("link preview url ", "please provide a valid link preview"),
    ),
    "unreachable": (
        *("connection ", "connect ", "network failure", "unable to resolve", "unable to check if users", "no route"),
        *("timed out", "read timed out", "unknownhost", "failed to connect"),
    ),
}
"""How sentences begin, in lower case, by the code that is ours for them; the longest that fits counts."""
_WHOLE = (
    (re.compile(r"the user \S+ is not registered\.?"), NO_SUCH_AUTHOR),
    (re.compile(r"user (\S+ )?is not registered\.?"), "auth_failed"),
)
"""Whose registration is missed: an author's whom the message names, or our own account's."""
_AROUND = ("failed to send message: ", "failed to send to group: ")
"""What signal-cli puts before the words of somebody else."""
_CLASSES: Mapping[str, str] = {
    **dict.fromkeys(("ratelimitexception", "proofrequiredexception"), "rate_limited"),
    **dict.fromkeys(("untrustedidentityexception", "invalidkeyexception"), "untrusted"),
    **dict.fromkeys(("unregistereduserexception", "unregisteredrecipientexception"), "chat_not_found"),
    **dict.fromkeys(("invalidnumberexception", "groupnotfoundexception", "groupidformatexception"), "chat_not_found"),
    **dict.fromkeys(("notagroupmemberexception", "groupsendingnotallowedexception"), "forbidden"),
    **dict.fromkeys(("attachmentinvalidexception", "invalidstickerexception"), "bad_request"),
    **dict.fromkeys(("authorizationfailedexception", "notregisteredexception"), "auth_failed"),
    **dict.fromkeys(
        ("ioexception", "unknownhostexception", "connectexception", "noroutetohostexception"), "unreachable"
    ),
    **dict.fromkeys(("socketexception", "sockettimeoutexception", "timeoutexception", "eofexception"), "unreachable"),
    **dict.fromkeys(("sslexception", "sslhandshakeexception", "pushnetworkexception"), "unreachable"),
    **dict.fromkeys(("networkfailureexception", "nonsuccessfulresponsecodeexception"), "unreachable"),
}
"""The classes of Java in whose name something is said."""
_AT_THE_END = re.compile(r"\((\w+exception)\)$")
_AT_THE_BEGINNING = re.compile(r"^(?:[a-z]\w*\.)+(\w+exception)(?:$|:)")
NO_ACCOUNT = Sentence("host_has_no_account", "{host} has no account {number}. Register or link it there.")
WRONG_MODE = Sentence("host_runs_in_mode", '{host} runs in mode "{mode}". Start it with MODE=json-rpc to receive.')
NO_ID = Sentence("no_id_of_signals", "The message that was to be changed has no id of Signal's.")
_SECONDS = re.compile(r'(?:retry after|or wait) "?([0-9]{1,9})"? seconds')

_SEEN = {"rate_limited": Observation.TOLD_TO_WAIT} | dict.fromkeys(
    ("bad_request", "chat_not_found", "forbidden", "untrusted", NO_SUCH_AUTHOR), Observation.REFUSED
)


def refusal(words: str, wait: float | None = None) -> CallError:
    """What the server's words mean. `wait`: how long it asks to wait otherwise."""
    code = next((code for line in _lines(words.lower()) if (code := _code(line))), "platform_error")
    if code == "rate_limited":
        return too_much(words, wait)
    return CallError(code, _SAYS(words=words), _SEEN.get(code, Observation.UNCLEAR))


def too_much(words: str, wait: float | None) -> CallError:
    """The error for a limit of Signal's. It concerns the account."""
    asked = [at_most_a_day(float(found)) for found in _SECONDS.findall(words)]
    seconds = max((one for one in (*asked, wait) if one is not None), default=DEFAULT_WAIT)
    return CallError("rate_limited", _SAYS(words=words), Observation.TOLD_TO_WAIT, retry_after=seconds)


def _lines(said: str) -> Iterator[str]:
    """The sentences, one a line, without what signal-cli puts before those of others."""
    for line in said.splitlines():
        sentence = line.strip()
        for around in _AROUND:
            sentence = sentence.removeprefix(around)
        yield sentence


def _code(sentence: str) -> str | None:
    java = _AT_THE_END.search(sentence) or _AT_THE_BEGINNING.search(sentence)
    if java and (code := _CLASSES.get(java[1])):
        return code
    for whole, code in _WHOLE:
        if whole.fullmatch(sentence):
            return code
    fitting = [
        (len(beginning), code)
        for code, beginnings in _BEGINNINGS.items()
        for beginning in beginnings
        if sentence.startswith(beginning)
    ]
    return max(fitting)[1] if fitting else None
