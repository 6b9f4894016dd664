"""The action `bach.ask`: sends a question to recipients, and returns the first answer of somebody who may give one.

Who may answer is decided by role and, if the call names people, by Home Assistant user or platform id; never by display
names, which people choose themselves.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import voluptuous as vol
from homeassistant.const import ATTR_ENTITY_ID, CONF_TYPE
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import JsonObjectType, JsonValueType

from bach_lib import Answer, Format, IncomingMessage, Place, Question, Wording
from bach_lib.questions.unanswered import NobodyAnsweredError
from custom_components.bach.const import CONF_RECIPIENT, CONF_ROLE, CONF_USER_ID, DOMAIN, TYPE_ROUTES
from custom_components.bach.home.attribution import CLAIM, Received, Role
from custom_components.bach.home.causes import CAUSES
from custom_components.bach.home.entry import connection_name, connections
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.language import common_texts, language_of
from custom_components.bach.home.loop_prevention import LOOP_PREVENTION
from custom_components.bach.home.origin import context_to_keep
from custom_components.bach.home.route_steps import asked_by_route
from custom_components.bach.home.target_recipients import notify_entity_id
from custom_components.bach.messages.incoming import received_here

from .choices import FORMATS, buttons
from .file_sources import ATTR_MESSAGE, FILE_FIELDS, take_files
from .targets import ATTR_RECIPIENT, TARGET_FIELDS, Target, find_targets, not_a_recipient

_LOGGER = logging.getLogger(__name__)

ATTR_ANSWERS: Final = "answers"
ATTR_DEFAULT: Final = "default"
ATTR_FORMAT: Final = "format"
ATTR_FREE_TEXT: Final = "free_text"
ATTR_PERSONS: Final = "persons"
ATTR_PRIORITY: Final = "priority"
ATTR_SILENT: Final = "silent"
ATTR_TIMEOUT: Final = "timeout"
ATTR_TITLE: Final = "title"

SCHEMA = vol.Schema(
    {
        **TARGET_FIELDS,
        vol.Required(ATTR_MESSAGE): cv.string,
        **FILE_FIELDS,
        vol.Optional(ATTR_ANSWERS, default=[]): buttons,
        vol.Optional(ATTR_FREE_TEXT, default=False): cv.boolean,
        vol.Optional(ATTR_TIMEOUT, default={"minutes": 5}): cv.positive_time_period,
        vol.Optional(ATTR_DEFAULT): cv.string,
        vol.Optional(CONF_ROLE, default=Role.USER.value): vol.In([Role.USER.value, Role.ADMIN.value]),
        vol.Optional(ATTR_PERSONS, default=[]): vol.All(cv.ensure_list, [cv.string]),
        vol.Optional(ATTR_TITLE): cv.string,
        vol.Optional(ATTR_FORMAT, default=Format.PLAIN.value): vol.In(FORMATS),
        vol.Optional(ATTR_SILENT, default=False): cv.boolean,
        vol.Optional(ATTR_PRIORITY, default=0): vol.Coerce(int),
    }
)

_REMEMBERED: Final = 200
"""Answers that nothing else may take for something said to it."""


class _Answers:
    """Remembers which incoming messages were answers, so that chat and other listeners leave them alone."""

    def __init__(self) -> None:
        self._ids: deque[int] = deque(maxlen=_REMEMBERED)

    def add(self, message: IncomingMessage) -> None:
        """Note a message as an answer."""
        self._ids.append(message.id)

    def has(self, received: Received) -> bool:
        """Whether a message was an answer."""
        return received.message.id in self._ids


ANSWERS: HassKey[_Answers] = HassKey(f"{DOMAIN}_answers")


@callback
def async_claim_answers(hass: HomeAssistant) -> None:
    """Register the check for answers that other modules use."""
    answers = _Answers()
    hass.data[CLAIM] = answers.has
    hass.data[ANSWERS] = answers


async def async_ask(call: ServiceCall) -> ServiceResponse:
    """Handle the action: ask, wait, and return the answer. Raises if there is none and no default."""
    found = await find_targets(call)
    opened, after = _opened(call, found.targets)
    targets, left_out = _without_circles(call, opened)
    left_out |= {**found.refused, **{one: not_a_recipient(one) for one in found.others}}
    if not targets:
        nobody = ServiceValidationError(translation_domain=DOMAIN, translation_key="no_recipients")
        raise next(iter(left_out.values()), nobody)  # a route whose people are all gone leaves nobody out
    if left_out and not call.return_response:
        _LOGGER.warning("Not everybody was asked: %s", " ".join(str(error) for error in left_out.values()))
    asked = {_place(target): target for target in targets}
    question = await _question(call, tuple(asked), {place: after[place] for place in asked})
    for target in targets:
        target.note_call(call.context)
    started = call.hass.loop.time()
    response: dict[str, JsonValueType]
    not_asked: list[JsonValueType] = [
        {ATTR_ENTITY_ID: entity_id, "error": str(error)} for entity_id, error in left_out.items()
    ]
    try:
        with translated_errors(call.hass):
            answer = await call.hass.data[HUB].bach.ask(question)
    except HomeAssistantError as error:
        if ATTR_DEFAULT not in call.data or error.translation_key != NobodyAnsweredError.code:
            raise
        response = _unanswered(call.data[ATTR_DEFAULT], call.hass.loop.time() - started)
    else:
        response = _answered(call.hass, answer, asked)
        not_asked += [_not_asked(asked[place], reason) for place, reason in answer.unreached.items()]
    return {**response, "not_asked": not_asked} if call.return_response else None


def _opened(call: ServiceCall, targets: Sequence[Target]) -> tuple[list[Target], dict[Place, float]]:
    """The same with everybody of a route in its place, and after how many seconds each is asked, as by `Question`.

    A question waits for one answer, whoever gives it, so each is asked once.
    """
    hass, cause = call.hass, call.hass.data[CAUSES].of(call.context)
    asked, after = dict[Place, Target](), dict[Place, float]()
    for target in targets:
        those = [(0.0, target)]
        if target.entry.data[CONF_TYPE] == TYPE_ROUTES:
            those = [
                (seconds, Target(one[0], one[1].data[CONF_RECIPIENT], one[1].title, notify_entity_id(hass, one)))
                for seconds, one in asked_by_route(hass, target.recipient, cause)
            ]
        for seconds, one in those:
            asked.setdefault(place := _place(one), one)
            after[place] = min(seconds, after.get(place, seconds))
    return list(asked.values()), after


def _without_circles(call: ServiceCall, targets: list[Target]) -> tuple[list[Target], dict[str, HomeAssistantError]]:
    """Split the targets into those to ask, and those that loop prevention refuses, with the error."""
    left, left_out = list[Target](), dict[str, HomeAssistantError]()
    for target in targets:
        try:
            call.hass.data[LOOP_PREVENTION].require_no_loop(call.context, target.connection, target.recipient)
        except HomeAssistantError as error:
            left_out[target.entity_id or target.recipient] = error
        else:
            left.append(target)
    return left, left_out


async def _question(call: ServiceCall, places: tuple[Place, ...], after: Mapping[Place, float]) -> Question:
    data, (files, lost) = call.data, await take_files(call)
    return Question(
        text=data[ATTR_MESSAGE],
        places=places,
        after=after,
        timeout=data[ATTR_TIMEOUT].total_seconds(),
        answers=data[ATTR_ANSWERS],
        takes_text=data[ATTR_FREE_TEXT],
        name_of=_judge(call.hass, Role(data[CONF_ROLE]), [_identity(call.hass, one) for one in data[ATTR_PERSONS]]),
        wordings={place: await _wording(call.hass, place) for place in places},
        options={
            "title": data.get(ATTR_TITLE),
            "format": data[ATTR_FORMAT],
            "silent": data[ATTR_SILENT],
            "priority": data[ATTR_PRIORITY],
            "context": context_to_keep(call.context),
            "files": files,
            "lost": lost,
        },
    )


def _judge(hass: HomeAssistant, role: Role, identities: Sequence[str]) -> Callable[[IncomingMessage], str | None]:
    """Return the function that names the author of an answer, or None if they may not answer."""

    def name_of(message: IncomingMessage) -> str | None:
        found = received_here(hass, message)
        if found is None or not found.role.includes(role):
            return None
        if identities and not {found.context.user_id, message.sender_id, message.sender} & set(identities):
            return None
        hass.data[ANSWERS].add(message)
        return found.who

    return name_of


def _identity(hass: HomeAssistant, person: str) -> str:
    """The Home Assistant user id of a person entity; anything else is a platform id already."""
    if not person.startswith("person."):
        return person
    state = hass.states.get(person)
    if state is None or not state.attributes.get(CONF_USER_ID):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="person_without_user",
            translation_placeholders={"person": person},
        )
    return str(state.attributes[CONF_USER_ID])


async def _wording(hass: HomeAssistant, place: Place) -> Wording:
    """The texts that replace the buttons at one place once a question is over, in its language."""
    entry = next((one for one in connections(hass) if connection_name(one) == place.connection), None)
    language = language_of(hass, entry, place.recipient) if entry else hass.config.language
    texts = await common_texts(hass, language)
    return Wording(answered=texts["answered"], unanswered=texts["unanswered"], interrupted=texts["interrupted"])


def _place(target: Target) -> Place:
    return Place(connection=target.connection, recipient=target.recipient)


def _answered(hass: HomeAssistant, answer: Answer, asked: Mapping[Place, Target]) -> dict[str, JsonValueType]:
    found = received_here(hass, answer.message)
    target = _origin(answer.message, asked)
    return {
        "answer": answer.value,
        "text": answer.text,
        "person": found.person if found else "",
        "sender": answer.message.sender,
        "sender_name": answer.message.sender_name,
        ATTR_RECIPIENT: answer.message.recipient,
        ATTR_ENTITY_ID: target.entity_id if target else None,
        "waited": round(answer.waited, 1),
    }


def _unanswered(default: str, waited: float) -> dict[str, JsonValueType]:
    """The response with the default, for a question that nobody answered."""
    nobody: dict[str, JsonValueType] = dict.fromkeys(
        ("text", "person", "sender", "sender_name", ATTR_RECIPIENT, ATTR_ENTITY_ID)
    )
    return {"answer": default, **nobody, "waited": round(waited, 1)}


def _origin(message: IncomingMessage, asked: Mapping[Place, Target]) -> Target | None:
    return asked.get(Place(connection=message.connection, recipient=message.recipient))


def _not_asked(target: Target, reason: str) -> JsonObjectType:
    return {
        ATTR_ENTITY_ID: target.entity_id,
        ATTR_RECIPIENT: target.recipient,
        "error": reason,
    }
