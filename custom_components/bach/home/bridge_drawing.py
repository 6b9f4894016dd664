"""Says in sentences what a bridge does, so that whoever makes one knows who will read what."""

from collections.abc import Iterable, Mapping

from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant

from bach_lib import BridgeSide
from custom_components.bach.const import TYPE_DISCORD, TYPE_SIGNAL
from custom_components.bach.kinds.markdown_escape import escape_markdown

from .bridge_rules import BridgeRule
from .whom import told_by_id

_TELL_OF_DELETIONS = frozenset({TYPE_DISCORD, TYPE_SIGNAL})


def previewed(hass: HomeAssistant, rule: BridgeRule, texts: Mapping[str, str]) -> str:
    """In Markdown: what goes where, what goes along, and what does not. `texts`: of `common_texts`."""
    known = told_by_id(hass)
    names = [_name(known[one][0].title, known[one][1].title) for one in rule.places if one in known]
    gone = len(rule.places) - len(names)
    if rule.both_ways:
        way = texts["bridge_both_ways"].format(names=", ".join(names))
    else:
        way = texts["bridge_one_way"].format(source=names[0] if names else "", targets=", ".join(names[1:]))
    lines = [way]
    lines += [texts["bridge_removed"].format(count=gone)] if gone else []
    switches = {"with_name": rule.with_name, "files": rule.files, "edits": rule.edits, "deletions": rule.deletions}
    along = [texts[f"bridge_along_{key}"] for key, is_on in switches.items() if is_on]
    lines.append(texts["bridge_along"].format(what=", ".join(along)) if along else texts["bridge_only_words"])
    sources = [known[one] for one in (rule.places if rule.both_ways else (rule.source,)) if one in known]
    silent = [
        _name(entry.title, one.title) for entry, one in sources if entry.data[CONF_TYPE] not in _TELL_OF_DELETIONS
    ]
    if rule.deletions and silent:
        lines.append(texts["bridge_no_deletions"].format(names=", ".join(dict.fromkeys(silent))))
    lines.append(texts["bridge_privacy"])
    return "\n\n".join(lines)


def counted(sides: Iterable[BridgeSide], texts: Mapping[str, str]) -> str:
    """How much was carried, and what was left out and why, the last time."""
    found = list(sides)
    carried, left_out = sum(one.carried for one in found), sum(one.left_out for one in found)
    lines = [texts["bridge_carried"].format(count=carried)]
    last = max((one for one in found if one.reason), key=lambda one: one.left_out_at or 0.0, default=None)
    if last and last.reason:
        reason = texts[f"bridge_reason_{last.reason.value}"]
        lines.append(texts["bridge_left_out"].format(count=left_out, reason=reason))
    return " ".join(lines)


def _name(connection: str, recipient: str) -> str:
    return f"**{escape_markdown(recipient)}** ({escape_markdown(connection)})"
