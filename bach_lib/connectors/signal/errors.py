"""What the refusals of signal-cli-rest-api say: one table, no I/O. What follows from that is in `seen`.

The server answers nearly everything that goes wrong with status 400 and the words of signal-cli. In JSON-RPC mode those
of a send are mostly a bare "Failed to send message", whether the network is down or nobody has this number; then only a
question about the network can tell, see `SignalConnector.check`. Sentences are known by how they begin: what stands
behind that may be the name of a group, which people chose. (signal-cli: `SendMessageResultUtils`, `SendCommand`, `App`
and the exceptions of `manager.api`; signal-cli-rest-api: `api.go`, `jsonrpc2.go`; of summer 2026.)
"""

import re
from collections.abc import Iterator

from bach_lib.connectors.network import at_most_a_day
from bach_lib.connectors.seen import CallError, Seen

DEFAULT_WAIT = 300.0
"""Seconds, where Signal says that it was too much, without saying how long to wait."""
NO_SUCH_AUTHOR = "author_not_found"
"""The code where who wrote what is answered or reacted to has no Signal (any more)."""

_SENTENCES = (
    ("failed to send message due to rate limiting", "rate_limited"),
    ("rate limit", "rate_limited"),
    ("captcha ", "rate_limited"),
    ("proof required", "rate_limited"),
    ("failed to send message due to untrusted identities", "untrusted"),
    ("unable to complete request due to untrusted recipient keys", "untrusted"),
    ("untrusted identity", "untrusted"),
    ("unregistered user", "chat_not_found"),
    ("invalid group id", "chat_not_found"),
    ("failed to decode groupid", "chat_not_found"),
    ("group not found", "chat_not_found"),
    ("no group with that id", "chat_not_found"),
    ("user is not a group member", "forbidden"),
    ("user is not a member", "forbidden"),
    ("not a group member", "forbidden"),
    ("not a member", "forbidden"),
    ("user is not allowed to send", "forbidden"),
    ("invalid account", "auth_failed"),
    ("couldn't process request - malformed number", "auth_failed"),
    ("couldn't process request - number missing", "auth_failed"),
    ("couldn't process request - please provide a valid number", "auth_failed"),
    ("couldn't process request", "bad_request"),
    ("invalid request", "bad_request"),
    ("sending empty message is not allowed", "bad_request"),
    ("invalid phone number", "chat_not_found"),
    ("invalid number", "chat_not_found"),
    ("the user ", NO_SUCH_AUTHOR),
    ("specified account does not exist", "auth_failed"),
    ("authorization failed", "auth_failed"),
    ("user ", "auth_failed"),
)
"""How sentences begin, in lower case; the first that fits counts. Two of them go on, see `_GOES_ON`."""
_GOES_ON = {"the user ": " is not registered", "user ": " is not registered"}
_AROUND = ("failed to send message: ", "failed to send to group: ", "failed to send sticker: ")
"""What signal-cli puts before the words of somebody else."""
_OF_THE_LIMIT = re.compile(r"\((?:ratelimit|proofrequired)exception\)$")
_SECONDS = re.compile(r'(?:retry after|or wait) "?([0-9]{1,9})"? seconds')

_OF_THE_WAY = ("unknownhost", "unable to resolve", "no route", "connect", "network", "ioexception", "timed out")
"""Words that only say how a fault is called; nobody is blamed for them."""

_SEEN = {"rate_limited": Seen.TOLD_TO_WAIT} | dict.fromkeys(
    ("bad_request", "chat_not_found", "forbidden", "untrusted", NO_SUCH_AUTHOR), Seen.REFUSED
)


def refusal(words: str, wait: float | None = None) -> CallError:
    """What the server's words mean. `wait`: how long it asks to wait otherwise."""
    said = words.lower()
    code = next((code for line in _lines(said) if (code := _code(line))), None)
    if code is None:
        code = "unreachable" if any(word in said for word in _OF_THE_WAY) else "platform_error"
    if code == "rate_limited":
        return too_much(words, wait)
    return CallError(code, words, _SEEN.get(code, Seen.UNCLEAR))


def too_much(words: str, wait: float | None) -> CallError:
    """The error for a limit of Signal's. It concerns the account."""
    asked = [at_most_a_day(float(found)) for found in _SECONDS.findall(words)]
    seconds = max((one for one in (*asked, wait) if one is not None), default=DEFAULT_WAIT)
    return CallError("rate_limited", words, Seen.TOLD_TO_WAIT, retry_after=seconds)


def _lines(said: str) -> Iterator[str]:
    """The sentences, one a line, without what signal-cli puts before those of others."""
    for line in said.splitlines():
        sentence = line.strip()
        for around in _AROUND:
            sentence = sentence.removeprefix(around)
        yield sentence


def _code(sentence: str) -> str | None:
    for beginning, code in _SENTENCES:
        if sentence.startswith(beginning) and _GOES_ON.get(beginning, "") in sentence:
            return code
    return "rate_limited" if _OF_THE_LIMIT.search(sentence) else None
