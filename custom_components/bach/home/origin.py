"""Who had a message sent: kept with the message, and looked up when somebody asks.

The library keeps some words for whoever sends (`context`). Ours are the id of the call's context, by which the Activity
knows what led to it, and who acted: an automation, a script or a user. Older versions kept the id alone. Of a message
that was for a person is kept who that was, and where: it is why this recipient was chosen.
"""

from typing import Final

from homeassistant.components.trace.util import async_list_contexts
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from bach_lib import Message
from bach_lib.web.viewer import Aim, Origin

from .persons import Person

_AIM: Final = "for:"
_HOME: Final = "home"
_AWAY: Final = "away"
_USER: Final = "user"
_STARTED: Final = frozenset({"automation_triggered", "script_started"})
"""What Home Assistant says first in the context of a run."""
_RUNS: Final = frozenset({"automation", "script"})
BY: Final = "by:"
"""Before who caused it, in what starts a route."""
MOST_KEPT: Final = 255
"""Characters that the library keeps."""


@callback
def context_to_keep(context: Context, person: Person | None = None) -> str:
    """What is kept with a message that is sent in this context, and is for this person."""
    kept = _acting(context)
    if person is None:
        return kept
    meant = f"{kept} {_AIM}{person.entity_id}:{_HOME if person.is_home else _AWAY}"
    return meant if len(meant) <= MOST_KEPT else kept


def _acting(context: Context) -> str:
    begin = context.origin_event
    if begin is not None and begin.event_type in _STARTED:
        kept = f"{context.id} {begin.data.get('entity_id')}"
    elif context.user_id:
        kept = f"{context.id} {user_to_keep(context.user_id)}"
    else:
        return context.id
    return kept if len(kept) <= MOST_KEPT else context.id


def user_to_keep(user_id: str) -> str:
    """What is kept with a message that a user writes in the panel: the same when they ask again under the same key."""
    return f"{_USER}.{user_id}"


def context_id(message: Message) -> str | None:
    """The id of the context in which a message was sent."""
    return _parts(message.context)[0]


def user_in(kept: str | None) -> str | None:
    """The id of the user who acted, if it was one."""
    kind, _, user_id = (_parts(kept)[1] or "").partition(".")
    return user_id if kind == _USER else None


@callback
def aim_of(hass: HomeAssistant, kept: str | None) -> Aim | None:
    """For whom a message was; None: for nobody but its recipient, or they are gone."""
    words = (word.removeprefix(_AIM).partition(":") for word in (kept or "").split() if word.startswith(_AIM))
    entity_id, _, where = next(words, ("", "", ""))
    state = hass.states.get(entity_id)
    return Aim(name=state.name, is_home=where == _HOME) if state else None


async def async_origin(hass: HomeAssistant, kept: str | None) -> Origin | None:
    """Who had a message sent; None: nobody of whom is known, or who is gone."""
    id_, actor = _parts(kept)
    kind, _, name = (actor or "").partition(".")
    if kind == _USER:
        user = await hass.auth.async_get_user(name)
        return Origin(kind=kind, name=user.name or "") if user else None
    if actor is None or kind not in _RUNS or (state := hass.states.get(actor)) is None:
        return None
    return Origin(kind=kind, name=state.name, link=await _trace(hass, actor, id_))


def _parts(kept: str | None) -> tuple[str | None, str | None]:
    """The id of the context and who acted in it. An id has no dot."""
    words = [word for word in (kept or "").split() if not word.startswith((_AIM, BY))]
    return next((one for one in words if "." not in one), None), next((one for one in words if "." in one), None)


async def _trace(hass: HomeAssistant, entity_id: str, context: str | None) -> str | None:
    """The page of the run that sent it, or of the last one where that is no longer kept."""
    entry = er.async_get(hass).async_get(entity_id)
    if entry is None or "trace" not in hass.config.components:
        return None
    page = f"/config/{entry.domain}/trace/{entry.unique_id}"
    found = (await async_list_contexts(hass, f"{entry.domain}.{entry.unique_id}")).get(context or "")
    return f"{page}?run_id={found['run_id']}" if found else page
