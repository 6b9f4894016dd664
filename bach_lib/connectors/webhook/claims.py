"""Authenticates senders of posts: proved with a secret of their own, or only claimed.

The proof of a connection is one for all who post there, so what a body says of its sender is a claim. A sender with a
secret of its own is known by that secret, whatever the body says; and nobody else can claim its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bach_lib.connectors.base import Setup
from bach_lib.connectors.webhook.proofs import NotProvenError, Proof, Proofs
from bach_lib.connectors.webhook.settings import recipient_of
from bach_lib.connectors.webhook.signature import key_of
from bach_lib.errors import InvalidRecipientError, InvalidValueError
from bach_lib.said import Sentence

SENDER: Final = "sender:"
"""What the secret of one sender is called: this, and its name."""
_SHORTEST, _LONGEST = 16, 7000
"""Characters; servers take 8 KiB of headers."""
_STANDARD: Final = "whsec_"
ANOTHER_NAME: Final = Sentence(
    "it_says_that_it_is_name", 'it says that it is "{name}", and does not show the secret of that sender'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Authentication of senders: the proof that all share, and that of each sender who has one."""

    shared: Proofs
    own: Mapping[str, Proofs] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self.shared or self.own)

    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> tuple[Proof, str | None]:
        """The proof in a request, and whose it is; None for that of all. Raises `NotProvenError`."""
        found = [(proof, name) for name, one in self.own.items() if (proof := _tried(one, headers, body, now))]
        if found:
            return found[0]
        return self.shared.check(headers, body, now), None

    def claimed(self, sender: str, recipient: str) -> str | None:
        """The name with a proof of its own that such a post would be taken for, if there is one."""
        names = [one.strip() for one in (sender, recipient)]
        names += [one.partition("/")[0] for one in names]  # a part of a place counts as the place
        return next((one for one in names if one in self.own), None)


def check_token(token: str, field: str) -> None:
    """Raise `InvalidValueError` for what can be guessed, or what no request can show. It is never quoted."""
    if not (_SHORTEST <= len(token) <= _LONGEST and token.isprintable()):
        expected = Sentence(
            "number_to_number2_characters_all_of_them",
            "{number} to {number2} characters, all of them printable",
            number=_SHORTEST,
            number2=_LONGEST,
        )
        raise InvalidValueError(field=field, value="***", expected=expected)


def own_proofs(setup: Setup, shared: Proofs) -> dict[str, Proofs]:
    """The proofs of those who have one, by their names. Raises `InvalidValueError`."""
    given = {
        name.removeprefix(SENDER): secret.strip() for name, secret in setup.secrets.items() if name.startswith(SENDER)
    }
    taken = [setup.secrets.get(name, "").strip() for name in ("incoming_token", "incoming_secret")]
    for name, secret in given.items():
        label = f"{SENDER}{name}"[:50]
        check_token(secret, label)
        if [*given.values(), *taken].count(secret) > 1:
            raise InvalidValueError(
                field=label,
                value="***",
                expected=Sentence("a_secret_that_nobody_else_has", "a secret that nobody else has"),
            )
    return {_name(name): _own(secret, shared) for name, secret in given.items()}


def _name(name: str) -> str:
    try:
        return recipient_of(name)
    except InvalidRecipientError as error:
        raise InvalidValueError(
            field=f"{SENDER}{name}"[:50], value=name[:50], expected=error.placeholders["expected"]
        ) from None


def _own(secret: str, shared: Proofs) -> Proofs:
    """What of one sender counts: a signature where all sign or the secret is of that kind, else the token as well."""
    if shared.keys or secret.startswith(_STANDARD):
        keys = tuple(dict.fromkeys((key_of(secret, SENDER), secret.encode())))
        return Proofs(token=None, keys=keys, ways=shared.ways)
    return Proofs(token=secret, keys=(), ways=shared.ways)


def _tried(proofs: Proofs, headers: Mapping[str, str], body: bytes, now: float) -> Proof | None:
    try:
        return proofs.check(headers, body, now)
    except NotProvenError:
        return None
