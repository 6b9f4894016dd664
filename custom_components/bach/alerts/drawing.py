"""Says an alert in words, for the dialog in which it is made: when it is on, what is said to whom, and how often."""

from collections.abc import Iterator, Mapping, Sequence

from homeassistant.core import HomeAssistant

from custom_components.bach.home.route_drawing import spelled
from custom_components.bach.home.route_steps import recipients_by_id, routes_of
from custom_components.bach.kinds.markdown_escape import escape_markdown

from .alert import Alert, Condition, Watches
from .saying import done_message, heading, message
from .watching import holds

_NOW = {True: "alert_now_yes", False: "alert_now_no", None: "alert_now_unknown"}


def drawn_alert(hass: HomeAssistant, alert: Alert, texts: Mapping[str, str]) -> str:
    """The whole alert in Markdown. `texts`: of `common_texts`, in the language of whoever looks."""
    return "\n\n".join(_lines(hass, alert, texts))


def _lines(hass: HomeAssistant, alert: Alert, texts: Mapping[str, str]) -> Iterator[str]:
    yield f"{_when(hass, alert.condition, texts)}. {texts[_NOW[holds(hass, alert.condition)]]}"
    waits = alert.condition.hold + (alert.reminders[0] if alert.skip_first and alert.reminders else 0.0)
    who = _who(hass, alert, texts)
    yield (
        texts["alert_told_after"].format(time=spelled(waits), who=who) if waits else texts["alert_told"].format(who=who)
    )
    yield _again(alert, texts)
    above = heading(hass, alert)
    said = f"**{escape_markdown(above)}**\n{escape_markdown(message(hass, alert))}" if above else None
    yield _quoted(said or escape_markdown(message(hass, alert)))
    if alert.cameras:
        yield texts["alert_pictures"].format(cameras=_named(hass, alert.cameras))
    if over := done_message(hass, alert):
        yield texts["alert_done"]
        yield _quoted(escape_markdown(over))


def _when(hass: HomeAssistant, condition: Condition, texts: Mapping[str, str]) -> str:
    words = {"entity": _named(hass, [condition.entity_id])}
    match condition.watches:
        case Watches.STATE:
            kind, words["states"] = "state", escape_markdown(", ".join(condition.states))
        case Watches.NUMBER:
            words |= {"above": f"{condition.above:g}"} if condition.above is not None else {}
            words |= {"below": f"{condition.below:g}"} if condition.below is not None else {}
            kind = "_".join(one for one in ("above", "below") if one in words)
        case Watches.MISSING | Watches.TEMPLATE as watches:
            kind = watches.value
    found = texts[f"alert_when_{kind}"].format(**words)
    return f"{found}, {texts['alert_for'].format(time=spelled(condition.hold))}" if condition.hold else found


def _who(hass: HomeAssistant, alert: Alert, texts: Mapping[str, str]) -> str:
    titles = {key: one.title for key, (_, one) in recipients_by_id(hass).items()}
    routes = {one.subentry_id: texts["alert_by_route"].format(route=one.title) for _, one in routes_of(hass)}
    there = [escape_markdown(title) for one in alert.told if (title := (titles | routes).get(one))]
    gone = len(alert.told) - len(there)
    removed = [texts["route_removed"].format(count=gone)] if gone else []
    return ", ".join([*(f"**{one}**" for one in there), *removed])


def _again(alert: Alert, texts: Mapping[str, str]) -> str:
    spans = [spelled(one) for one in (alert.reminders[1 if alert.skip_first else 0 :] or alert.reminders[-1:])]
    if not spans:
        return texts["alert_once"]
    if len(spans) == 1:
        return texts["alert_every"].format(time=spans[0])
    return texts["alert_again"].format(times=", ".join(spans[:-1]), time=spans[-1])


def _named(hass: HomeAssistant, entity_ids: Sequence[str]) -> str:
    states = [(one, hass.states.get(one)) for one in entity_ids]
    return ", ".join(f"**{escape_markdown(state.name if state else one)}**" for one, state in states)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
