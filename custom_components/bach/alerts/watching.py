"""Says whether what an alert watches is so, and follows it. What cannot be known changes nothing.

A leak sensor whose battery dies while the cellar is wet has not dried it: unavailable is neither yes nor no, unless it
is what is watched.
"""

from collections.abc import Callable
from typing import Final

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CALLBACK_TYPE, Context, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import TemplateError
from homeassistant.helpers.event import (
    TrackTemplate,
    TrackTemplateResult,
    async_track_state_change_event,
    async_track_template_result,
)
from homeassistant.helpers.template import Template, result_as_boolean

from .alert import Condition, Watches

type Changed = Callable[[bool | None, Context | None], None]
"""Whether it is so now, and in which context it became so."""
_UNKNOWN: Final = frozenset({STATE_UNAVAILABLE, STATE_UNKNOWN})


@callback
def holds(hass: HomeAssistant, condition: Condition) -> bool | None:
    """Whether it is so now; None: nobody can say."""
    if condition.watches is Watches.TEMPLATE:
        try:
            return result_as_boolean(Template(condition.template, hass).async_render())
        except TemplateError:
            return None
    state = hass.states.get(condition.entity_id)
    said = state.state if state else None
    if condition.watches is Watches.MISSING:
        return said in {None, STATE_UNAVAILABLE}
    if said in condition.states:
        return True
    if said is None or said in _UNKNOWN:
        return None
    return False if condition.watches is Watches.STATE else _is_beyond(said, condition)


def _is_beyond(said: str, condition: Condition) -> bool | None:
    try:
        number = float(said)
    except ValueError:
        return None
    above, below = condition.above, condition.below
    return (above is None or number > above) and (below is None or number < below)


@callback
def follow(hass: HomeAssistant, condition: Condition, changed: Changed) -> CALLBACK_TYPE:
    """Tell whether it is so whenever that may have changed, until the result is called."""
    if condition.watches is Watches.TEMPLATE:

        @callback
        def rendered(event: Event[EventStateChangedData] | None, updates: list[TrackTemplateResult]) -> None:
            result = updates[-1].result
            is_so = None if isinstance(result, TemplateError) else result_as_boolean(result)
            changed(is_so, event.context if event else None)

        return async_track_template_result(
            hass, [TrackTemplate(Template(condition.template, hass), None)], rendered
        ).async_remove

    @callback
    def moved(event: Event[EventStateChangedData]) -> None:
        changed(holds(hass, condition), event.context)

    return async_track_state_change_event(hass, [condition.entity_id], moved)
