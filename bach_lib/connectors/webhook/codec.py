"""Decodes incoming webhook requests: who may post, and which messages are in a post.

Pure: whoever serves the address hands over headers and body and says where they come from, and gets messages or a
refusal. Without a secret by which a request could prove that it may, nobody gets in.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Final, Self
from uuid import uuid4

from bach_lib.connectors.base import Incoming, Setup, Unreadable
from bach_lib.connectors.slash_commands import content_of
from bach_lib.connectors.tolerant import UnreadableError, read_one
from bach_lib.connectors.webhook import bodies
from bach_lib.connectors.webhook.claims import ANOTHER_NAME, Claims, check_token, own_proofs
from bach_lib.connectors.webhook.delivery_ids import is_of_deliveries, names_delivery
from bach_lib.connectors.webhook.field_paths import HEADER, Field, Posted, at
from bach_lib.connectors.webhook.networks import Addresses
from bach_lib.connectors.webhook.proofs import ADDRESS, NotProvenError, Proof, Proofs
from bach_lib.connectors.webhook.senders import ANY, SENDERS, Sender, recognised
from bach_lib.connectors.webhook.settings import recipient_of
from bach_lib.connectors.webhook.signature import key_of
from bach_lib.errors import InvalidRecipientError, InvalidValueError, PushRefusedError
from bach_lib.models.incoming import CLAIMED
from bach_lib.said import Sentence

MAX_BODY = 262_144
"""Bytes. A group of many alerts, or a build of many jobs, has more than 64 KiB."""
MAX_PAYLOAD = 65_536
"""Characters of what was posted that a message takes along for automations."""
MAX_ELEMENTS = 200
"""Messages in one request."""

_DEFAULTS: Final = {"text": "text", "sender": "sender", "id": "id", "recipient": "recipient"}
_EACH: Final = "each"
_ELEMENTS: Final = Sentence(
    "its_body_has_count_elements", 'its body has {count} elements at "{each}"; 1 to {number} can be'
)
_OF_ELEMENT: Final = Sentence("in_an_element_of_it_reason", "in an element of it, {reason}")
_REMINDS_AFTER: Final = 300.0
"""Seconds. Who hears no answer tries again, Alertmanager until its `group_interval` (five minutes) is over; no sooner
does it remind."""
_DOUBTS_FOR: Final = 60.0
"""The same for an id of which nobody knows what it names: a second ring is to be heard."""
_MAX_NAME = 200
_LONG_ID = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDecoder:
    """Authenticates the posts to the connection `name`, and decodes their bodies by configured field paths.

    `own` are the proofs of those who can show to be who they say; all others only claim it. `each` is the list whose
    elements become a message each. `sender` is who posts where the body does not say it. `is_known`: the fields are
    those of a program that BACH knows, whose ids name single things. `reminds`: the ids name what goes on, so the same
    once more is a reminder, unless it comes so soon that it may be a retry; None: each id tells for itself.
    """

    name: str
    proofs: Proofs
    own: Mapping[str, Proofs] = field(default_factory=dict, repr=False)
    fields: Mapping[str, Field]
    each: str | None = None
    sender: str | None = None
    is_known: bool = False
    reminds: bool | None = None
    addresses: Addresses = field(default_factory=Addresses)

    @classmethod
    def read(cls, setup: Setup) -> Self:
        """Raises `InvalidValueError`."""
        settings = setup.connection.settings
        from_ = settings.get("incoming_from")
        if from_ is not None and (not isinstance(from_, str) or from_ not in SENDERS):
            raise InvalidValueError(field="incoming_from", value=str(from_)[:50], expected=", ".join(sorted(SENDERS)))
        sender = SENDERS[from_] if from_ else ANY
        paths = settings.get("incoming", {})
        known = [*_DEFAULTS, _EACH]
        if not isinstance(paths, Mapping) or not paths.keys() <= set(known):
            raise InvalidValueError(
                field="incoming",
                value=str(paths)[:50],
                expected=Sentence("paths_for_known", "paths for {known}", known=", ".join(known)),
            )
        wanted = {**_DEFAULTS, **sender.paths, **paths}
        each = wanted.pop(_EACH, sender.each)
        if each is not None:
            Field.read(each)
        return cls(
            name=setup.connection.name,
            proofs=(proofs := _proofs(setup, sender)),
            own=own_proofs(setup, proofs),
            fields={name: Field.read(path) for name, path in wanted.items()},
            each=str(each) if each else None,
            sender=from_ or None,
            is_known="id" in sender.paths and "id" not in paths,
            reminds=_is_of_what_goes_on(paths["id"]) if "id" in paths else _reminds(sender),
            addresses=Addresses.read(settings.get("incoming_addresses", [])),
        )

    @property
    def claims(self) -> Claims:
        """Who can prove to be whom."""
        return Claims(shared=self.proofs, own=self.own)

    @property
    def is_there(self) -> bool:
        """Whether anybody can get in."""
        return bool(self.claims)

    def admit(
        self, headers: Mapping[str, str], body: bytes, now: float, address: str | None = None
    ) -> tuple[Incoming | Unreadable, ...]:
        """The messages in a request that came at `now` from `address`, and what of it holds none.

        Raises `PushRefusedError` if there is no message in it at all.
        """
        if not self.addresses.include(address):
            raise self._refused(Sentence("not_from_the_list", "it comes from an address that is not in the list"))
        if len(body) > MAX_BODY:
            raise self._refused(Sentence("body_too_long", "its body has more than {limit} bytes", limit=MAX_BODY))
        shown = {name.lower(): value for name, value in headers.items()}
        try:
            proof, who = self.claims.check(shown, body, now)
        except NotProvenError as error:
            raise self._refused(error.reason) from None
        kind = shown.get("content-type", "")
        try:
            found = bodies.read("application/json" if proof.of_the_body and kind.startswith("text/") else kind, body)
        except bodies.UnreadableBodyError as error:
            raise self._unreadable(error.reason) from None
        return self._reader(found, shown)._messages(found, shown, proof, who, now)

    def _reader(self, body: object, headers: Mapping[str, str]) -> Self:
        """This decoder; if no sender is configured and the text is missing, one for the program that the body shows."""
        if self.sender is not None or any(self._text(posted) for posted in self._postings(body, headers)):
            return self
        name = recognised(body, headers)
        if name is None:
            return self
        fields = {of: Field.read(path) for of, path in {**_DEFAULTS, **SENDERS[name].paths}.items()}
        known = SENDERS[name]
        return replace(self, fields=fields, each=known.each, sender=name, is_known=True, reminds=_reminds(known))

    def _postings(self, body: object, headers: Mapping[str, str]) -> list[Posted]:
        elements = (
            next((found for found in at(body, self.each) if isinstance(found, list)), []) if self.each else [body]
        )
        return [Posted(body, element, headers) for element in elements]

    def _text(self, posted: Posted) -> str:
        return self.fields["text"].find(posted, ": ", "\n")

    def _messages(
        self, body: object, headers: Mapping[str, str], proof: Proof, who: str | None, now: float
    ) -> tuple[Incoming | Unreadable, ...]:
        """Of several, each that is refused costs only itself."""
        postings = self._postings(body, headers)
        if not 0 < len(postings) <= MAX_ELEMENTS:
            raise self._unreadable(_ELEMENTS(count=len(postings), each=self.each, number=MAX_ELEMENTS))
        refused = list[PushRefusedError]()

        def read(numbered: tuple[int, Posted], _element: object) -> list[Incoming]:
            number, posted = numbered
            signed = f"{proof.id}/{number}" if proof.id and len(postings) > 1 else proof.id
            try:
                return [self._message(posted, replace(proof, id=signed), who, now)]
            except PushRefusedError as error:
                refused.append(error)
                raise UnreadableError(_OF_ELEMENT(reason=error.placeholders["reason"])) from error

        found = [entry for one in enumerate(postings) for entry in read_one(one[1].element, partial(read, one))]
        if len(refused) == len(postings):
            raise refused[0]
        return tuple(found)

    def _message(self, posted: Posted, proof: Proof, who: str | None, now: float) -> Incoming:
        text = self._text(posted)
        if not text:
            raise self._unreadable(
                Sentence("no_text_at_place", "there is no text at {place}", place=_shown(self.fields["text"]))
            )
        named = {name: self.fields[name].find(posted, "/", ",") for name in ("sender", "id", "recipient")}
        if any(len(named[name]) > _MAX_NAME for name in ("sender", "recipient")) or len(proof.id) > _MAX_NAME:
            raise self._unreadable(
                Sentence(
                    "names_too_long", "sender, id and recipient have at most {number} characters", number=_MAX_NAME
                )
            )
        if proof.id and (who if proof.of_the_body else self.reminds is None):
            named["id"] = ""  # what is signed with each delivery tells more than what stands in all of them
        sender, recipient = (who, who) if who else self._claimed(named["sender"], named["recipient"])
        kind, content = content_of(text)
        whole = _all_of(posted.element)
        return Incoming(
            remote_id=_id(sender, named["id"] or proof.id),
            recurs=bool(named["id"]),
            reminds_after=self._reminds_after(named["id"], posted, now),
            undated=proof.is_undated and not named["id"],
            says=None if self.is_known else whole,
            recipient=recipient,  # the place to answer to
            recipient_title=recipient,
            sender_id=sender,
            sender_name=sender,
            kind=kind,
            text=text,
            content=content,
            sent_at=proof.signed_at,
            told_at=now,
            metadata={
                "chat_type": "private",
                **({"payload": posted.element} if len(whole) <= MAX_PAYLOAD else {}),
                **({} if who else {CLAIMED: True}),
            },
        )

    def _reminds_after(self, id_: str, posted: Posted, now: float) -> float | None:
        """From how many seconds on the same once more is news; None: never, for the id is of one delivery."""
        if self.reminds:
            return _REMINDS_AFTER
        is_sure = self.reminds is False and self.fields["id"].is_whole(posted)
        return None if is_sure or names_delivery(id_, now) else _DOUBTS_FOR

    def _claimed(self, sender: str, recipient: str) -> tuple[str, str]:
        """Sender and place as the body has them, which nobody has proved. Raises `PushRefusedError`."""
        try:
            place = recipient_of(recipient or sender or self.sender or "default")
        except InvalidRecipientError:
            raise self._unreadable(Sentence("its_recipient_is_none", "its recipient is none")) from None
        sender = sender or self.sender or "webhook"
        if name := self.claims.claimed(sender, place):
            raise self._refused(ANOTHER_NAME(name=name))
        return sender, place

    def _refused(self, reason: str) -> PushRefusedError:
        return PushRefusedError(name=self.name, reason=reason)

    def _unreadable(self, reason: str) -> PushRefusedError:
        error = self._refused(reason)
        error.is_proven = True
        return error


def _proofs(setup: Setup, sender: Sender) -> Proofs:
    """What a request has to show. Raises `InvalidValueError`."""
    token = setup.secrets.get("incoming_token", "").strip() or None
    if token:
        check_token(token, "incoming_token")
    secret = setup.secrets.get("incoming_secret", "").strip()
    ways = setup.connection.settings.get("incoming_proof", [])
    if not isinstance(ways, list | tuple) or not set(ways) <= {ADDRESS}:
        raise InvalidValueError(
            field="incoming_proof",
            value=str(ways)[:50],
            expected=Sentence("address_or_nothing", '["{address}"], or nothing', address=ADDRESS),
        )
    keys = _keys(secret, "incoming_secret") if secret else ()
    return Proofs(token=token, keys=keys, ways={*ways, *sender.ways})


def _keys(secret: str, field: str) -> tuple[bytes, ...]:
    """The key of Standard Webhooks, and the secret as it is written: other senders sign with all of its characters."""
    return tuple(dict.fromkeys((key_of(secret, field), secret.encode())))


def _id(sender: str, id_: str) -> str:
    """What recognises a repetition. Ids are the sender's own, so those of two senders never meet."""
    if not id_:
        return uuid4().hex
    short = id_ if len(id_) <= _LONG_ID else sha256(id_.encode(errors="replace")).hexdigest()
    return f"{sender}/{short}"


def _all_of(element: object) -> str:
    """What is compared under an id that a person chose: an alarm that is over may have the text of one that fires."""
    return json.dumps(element, sort_keys=True, ensure_ascii=False)  # not orjson: numbers may have no end


def _is_of_what_goes_on(path: object) -> bool | None:
    """Whether a person took for an id what stands there anyway. `id` may be either, and so may most headers."""
    parts = Field.read(path).parts
    if any(all(is_of_deliveries(one) for one in alternatives) for alternatives in parts):
        return False
    doubtful = (one == _DEFAULTS["id"] or one.startswith(HEADER) for alternatives in parts for one in alternatives)
    return None if any(doubtful) else True


def _reminds(sender: Sender) -> bool | None:
    """The same of the ids of a program, if it is known where they stand."""
    return sender.reminds if "id" in sender.paths else None


def _shown(field: Field) -> str:
    return ", ".join(f'"{"|".join(part)}"' for part in field.parts)
