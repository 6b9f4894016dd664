"""Makes an example post as a shell command: its text stands where the connection looks for it.

Whoever has just set something up wants to see one post come in before the other program is told anything. The line
proves that it may in the way that was chosen, works as it stands, and may be run as often as one likes.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, Literal
from urllib.parse import urlencode

from bach_lib.connectors.webhook.proofs import ADDRESS
from bach_lib.connectors.webhook.senders import ANY, SENDERS, Sender
from bach_lib.connectors.webhook.signature import key_of

type Way = Literal["header", "login", "address", "signature"]

SAYS: Final = "Hello from curl"
WHO: Final = "curl"
"""Who posts it where nobody else is known."""

_HEADER: Final = "header:"
_JSON: Final = "Content-Type: application/json"
_GITHUB: Final = "github"
_TOKEN_HEADERS: Final = {"gitlab": "X-Gitlab-Token: {}"}
"""How a program shows its token, where it has a header of its own for that."""
_TOKEN_HEADER: Final = "Authorization: Bearer {}"  # noqa: S105  how one is shown
_LONGEST_NUMBER: Final = 3


@dataclass(frozen=True, slots=True)
class _Post:
    """What is posted."""

    body: object
    headers: Mapping[str, str]

    @property
    def form(self) -> dict[str, str] | None:
        """The same as a form, if it can be one."""
        if not isinstance(self.body, Mapping) or self.headers:
            return None
        texts = {str(name): value for name, value in self.body.items() if isinstance(value, str)}
        return texts if len(texts) == len(self.body) else None


class _OccupiedError(Exception):
    """Something else stands there."""


def curl_lines(
    address: str,
    settings: Mapping[str, object],
    *,
    token: str | None = None,
    secret: str | None = None,
    sender: str | None = None,
) -> dict[Way, str]:
    """A line for each way in which a post may prove that it may; the usual one comes first.

    `sender`: who is to have posted it. Where both a `secret` and a `token` are given, only a signature counts.
    """
    from_ = str(settings.get("incoming_from", ""))
    known = SENDERS.get(from_, ANY)
    paths = settings.get("incoming", {})
    post = _post(known, paths if isinstance(paths, Mapping) else {}, sender or WHO)
    if secret:
        return {"signature": _signed(address, post, secret, of_the_body=from_ == _GITHUB)}
    if not token:
        return {}
    shown = _TOKEN_HEADERS.get(from_, _TOKEN_HEADER).format(token)
    lines: dict[Way, str] = {
        "header": _curl(address, post, _option("-H", shown)),
        "login": _curl(address, post, _option("-u", f"{WHO}:{token}")),
    }
    ways = settings.get("incoming_proof", ())
    if ADDRESS in known.ways or (isinstance(ways, Sequence) and ADDRESS in ways):
        in_address: dict[Way, str] = {"address": _in_address(address, post, token)}
        return {**in_address, **lines} if from_ == "shelly" else {**lines, **in_address}
    return lines


def _post(known: Sender, changed: Mapping[str, object], sender: str) -> _Post:
    """The smallest body in which everything is where it is looked for. No id: the same line may come again."""
    wanted = {"text": "text", "sender": "sender", **known.paths, **changed}
    each = changed.get("each", known.each)
    headers: dict[str, str] = {}
    body = _filled({}, headers, wanted["text"], SAYS)
    if isinstance(each, str):
        body = _nested(each.split("."), [body])
    return _Post(_filled(body, headers, wanted["sender"], sender), headers)


def _filled(body: object, headers: dict[str, str], written: object, value: str) -> object:
    """With a value at one of its paths: of the last part, which says most, and in the body rather than in a header."""
    lines = [written] if isinstance(written, str) else written if isinstance(written, Sequence) else []
    paths = [path.strip() for line in reversed(lines) for path in str(line).split("|")]
    for path in paths:
        with suppress(_OccupiedError):
            if not path.lower().startswith(_HEADER):
                return _joined(body, _nested(path.split("."), value))
    for path in paths:
        if path.lower().startswith(_HEADER):
            headers[path[len(_HEADER) :]] = value
            return body
    return body


def _nested(names: Sequence[str], value: object) -> object:
    """The value at a path."""
    if not names:
        return value
    name, inner = names[0], _nested(names[1:], value)
    if name == "*":
        return [inner]
    if name.isascii() and name.isdecimal() and len(name) < _LONGEST_NUMBER:
        return [*({} for _ in range(int(name))), inner]
    return {name: inner}


def _joined(old: object, new: object) -> object:
    """Both in one. Raises `_OccupiedError` if one would take the other's place."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{name: _joined(old[name], new[name]) if name in old else new[name] for name in new}}
    if isinstance(old, list) and isinstance(new, list):
        pairs: Iterable[tuple[object, object]] = zip_longest(old, new, fillvalue={})
        return [_joined(one, other) for one, other in pairs]
    if {} in (old, new):
        return new if old == {} else old
    raise _OccupiedError


def _curl(address: str, post: _Post, *options: str) -> str:
    return _command([*options, *_headers(post), _option("-d", json.dumps(post.body))], address)


def _in_address(address: str, post: _Post, token: str) -> str:
    """For what can only be fetched, all of it stands in the address; what a form cannot hold is posted."""
    if (form := post.form) is None:
        return _curl(f"{address}?{urlencode({'token': token})}", post)
    return _command([], f"{address}?{urlencode({'token': token, **form})}")


def _signed(address: str, post: _Post, secret: str, *, of_the_body: bool) -> str:
    """After Standard Webhooks, or as GitHub does it. The shell reckons, so the time in it is the present."""
    key = secret.encode() if of_the_body else key_of(secret)
    reckoned = f"openssl dgst -sha256 -mac HMAC -macopt hexkey:{key.hex()}"
    if of_the_body:
        first = [f"signature=$(printf %s \"$body\" | {reckoned} | sed 's/.*= *//')"]
        shown = ['-H "X-Hub-Signature-256: sha256=$signature"', *map(_header, {"X-GitHub-Event": "ping"}.items())]
    else:
        first = [
            "now=$(date +%s)",
            'id="curl-$now-$$"',
            f'signature=$(printf %s "$id.$now.$body" | {reckoned} -binary | openssl base64 -A)',
        ]
        shown = ['-H "webhook-id: $id"', '-H "webhook-timestamp: $now"', '-H "webhook-signature: v1,$signature"']
    command = _command([*shown, *_headers(post), '-d "$body"'], address)
    return "\n".join([f"body={_quoted(json.dumps(post.body))}", *first, command])


def _headers(post: _Post) -> Iterator[str]:
    yield _option("-H", _JSON)
    yield from map(_header, post.headers.items())


def _header(header: tuple[str, str]) -> str:
    return _option("-H", ": ".join(header))


def _command(options: Sequence[str], address: str) -> str:
    return " \\\n  ".join([f"curl -i {_quoted(address)}", *options])


def _option(name: str, value: str) -> str:
    return f"{name} {_quoted(value)}"


def _quoted(value: str) -> str:
    """For every shell that Unix has; always with quotes, so that whoever changes a word need not think of them."""
    return "'" + value.replace("'", "'\\''") + "'"
