"""Draws a route as a list that people can follow: when, who, and what comes after."""

from collections.abc import Mapping, Sequence
from typing import Final

from homeassistant.core import HomeAssistant

from bach_lib import Reached
from custom_components.bach.kinds.markdown_escape import escape_markdown

from .route_steps import RouteStep, leaves_out_cause, recipients_by_id

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def drawn(hass: HomeAssistant, steps: Sequence[RouteStep], texts: Mapping[str, str]) -> str:
    """The whole route in Markdown: one line for each step with the time at which it begins, and how it ends.

    `texts`: of `common_texts`, in the language of whoever looks.
    """
    lines, passed = list[str](), 0.0
    for number, step in enumerate(steps, start=1):
        when = texts["route_after"].format(time=spelled(passed)) if passed else texts["route_at_once"]
        lines.append(f"{number}. {when}: {told(hass, step, texts, marked=True)}")
        passed += _lasts(hass, step)
    return "\n".join([*lines, "", texts["route_end"].format(time=spelled(passed))])


def told(hass: HomeAssistant, step: RouteStep, texts: Mapping[str, str], *, marked: bool = False) -> str:
    """Whom a step tells, and how. `marked`: in Markdown, with bold names."""
    known = recipients_by_id(hass)
    titles = [known[one][1].title for one in step.recipients if one in known]
    names = [f"**{escape_markdown(title)}**" for title in titles] if marked else titles
    gone = len(step.recipients) - len(names)
    who = ", ".join([*names, *([texts["route_removed"].format(count=gone)] if gone else [])])
    found = [who]
    if step.in_turn and len(names) > 1:
        found.append(texts["route_in_turn"].format(time=spelled(step.wait)))
    if leaves_out_cause(hass, step):
        found.append(texts["route_but_cause"])
    if step.repeats:
        found.append(texts["route_again"].format(time=spelled(step.repeat_every), count=step.repeats))
    if step.reached is not Reached.ACKNOWLEDGED:
        found.append(texts[f"route_until_{step.reached.value}"])
    return "; ".join(found)


def _lasts(hass: HomeAssistant, step: RouteStep) -> float:
    """Seconds from the first telling until the next step, if nobody is heard of."""
    known = recipients_by_id(hass)
    times = sum(one in known for one in step.recipients) if step.in_turn else 1
    return times * (step.repeats * step.repeat_every + step.wait)


def spelled(seconds: float) -> str:
    """A span of time, with units that are the same in all our languages."""
    left, found = round(seconds), list[str]()
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            found.append(f"{count} {unit}")
    return " ".join(found) or "0 s"
