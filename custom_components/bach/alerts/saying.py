"""What an alert says, and to whom: a route made of its recipients and reminders, or the route that it names."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import TemplateError
from homeassistant.helpers.template import Template

from bach_lib import Route, RouteOptions
from custom_components.bach.const import CONF_RECIPIENT
from custom_components.bach.home.language import home_texts
from custom_components.bach.home.route_drawing import spelled
from custom_components.bach.home.route_steps import RouteStep, route_of, route_through, routes_of
from custom_components.bach.home.taken_files import pictures_now

from .alert import Alert

_LOGGER = logging.getLogger(__name__)
_LONGEST: Final = 9_000
_REPEATS: Final = 20
"""Of the last reminder in one run; whoever has to be told still is told by the next one, without end."""
_ALONE: Final = 300.0
"""Seconds after which an alert without reminders has been told in vain."""


def named_route(hass: HomeAssistant, told: Sequence[str]) -> str | None:
    """The route among those who are told; None: they are recipients."""
    routes = {one.subentry_id: one.data[CONF_RECIPIENT] for _, one in routes_of(hass)}
    return next((routes[one] for one in told if one in routes), None)


def route_for(hass: HomeAssistant, alert: Alert, *, is_again: bool = False) -> Route:
    """Whom it tells now. `is_again`: all its reminders were sent, and the last goes on.

    Raises `InvalidRecipientError` where nobody is left.
    """
    named = named_route(hass, alert.told)
    route = route_of(hass, named) if named else route_through(hass, alert.name, steps_for(alert, is_again=is_again))
    if not alert.snooze:
        return route
    label = home_texts(hass)["route_snooze"].format(time=spelled(alert.snooze))
    return replace(route, words=replace(route.words, snooze=label))


def steps_for(alert: Alert, *, is_again: bool = False) -> list[RouteStep]:
    """The recipients with the reminders as steps."""
    spans = alert.reminders[1 if alert.skip_first else 0 :] or alert.reminders[-1:]
    if not spans:
        return [RouteStep(recipients=alert.told, wait=_ALONE)]
    *first, last = spans[-1:] if is_again else spans
    repeated = RouteStep(recipients=alert.told, wait=last, repeats=_REPEATS, repeat_every=last)
    return [*(RouteStep(recipients=alert.told, wait=one) for one in first), repeated]


async def options_for(hass: HomeAssistant, alert: Alert, *, shows: bool) -> RouteOptions:
    """What goes with its words. `shows`: what cameras show now; who is reminded sees what they showed when it began."""
    files, lost = await pictures_now(hass, alert.cameras if shows else ())
    return RouteOptions(
        title=heading(hass, alert),
        priority=alert.priority,
        tag=alert.tag,
        snooze=alert.snooze or None,
        files=files,
        lost=lost,
    )


def message(hass: HomeAssistant, alert: Alert) -> str:
    """What is told: its title where there is no message, or one that cannot be rendered. Never nothing."""
    return rendered(hass, alert.message, alert.title) or alert.title


def heading(hass: HomeAssistant, alert: Alert) -> str | None:
    """The line above it."""
    return rendered(hass, alert.heading, "")[:200].replace("\n", " ") or None


def done_message(hass: HomeAssistant, alert: Alert) -> str:
    """What is told when it is over; empty: nothing."""
    return rendered(hass, alert.done_message, home_texts(hass)["route_over"])


def rendered(hass: HomeAssistant, written: str, otherwise: str) -> str:
    """A text with its templates filled in, not longer than a route takes."""
    if not written:
        return ""
    try:
        text = str(Template(written, hass).async_render(parse_result=False)).strip()
    except TemplateError as error:
        _LOGGER.warning("A text of an alert could not be filled in, it is told without: %s", error)
        text = otherwise
    return text[:_LONGEST]
