"""Reads what other integrations' notify actions take as `data`, as automations and blueprints have it from there.

The forms are those of Home Assistant's own Telegram, Discord and phone notifiers (telegram, discord and mobile_app in
2026.10), and BACH's own fields. The words always go: a field that cannot be used is a loss, and what only concerns how
a phone shows a notification is left out without a word.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from bach_lib import Loss
from bach_lib.text.web_address import is_address
from custom_components.bach.const import DOMAIN

from .extra_fields import ATTR_EFFECT, ATTR_EMBED, ATTR_LINK_PREVIEW, ATTR_LOCATION, ATTR_PROTECTED, ATTR_VIEW_ONCE
from .file_sources import ATTR_FILES
from .send_message import (
    ATTR_AT,
    ATTR_BUTTONS,
    ATTR_CONFIDENTIAL,
    ATTR_DELIVERY,
    ATTR_FORMAT,
    ATTR_PRIORITY,
    ATTR_SILENT,
    ATTR_TAG,
    ATTR_TIME_TO_LIVE,
    SCHEMA,
)

_OURS: Final = frozenset(
    {
        *(ATTR_AT, ATTR_BUTTONS, ATTR_CONFIDENTIAL, ATTR_DELIVERY, ATTR_FILES, ATTR_FORMAT, ATTR_LINK_PREVIEW),
        *(ATTR_EFFECT, ATTR_EMBED, ATTR_VIEW_ONCE),
        *(ATTR_LOCATION, ATTR_PRIORITY, ATTR_PROTECTED, ATTR_SILENT, ATTR_TAG, ATTR_TIME_TO_LIVE),
    }
)
_HIGH: Final = 5
_CRITICAL: Final = 10
_FORMATS: Final = {"html": "html", "markdown": "markdown", "markdownv2": "markdown", "plain_text": "plain"}
_LOUD: Final = {"high": _HIGH, "max": _HIGH, "time-sensitive": _HIGH, "critical": _CRITICAL}
_TRUE: Final = frozenset({"1", "on", "true", "yes"})
_QUIET: Final = frozenset({"low", "min", "passive", "none"})
_ADDRESSES: Final = ("http://", "https://")
_PARTS: Final = (
    ("author", "author", "name"),
    ("author_url", "author", "url"),
    ("author_icon", "author", "icon_url"),
    ("footer", "footer", "text"),
    ("footer_icon", "footer", "icon_url"),
    ("image", "image", "url"),
    ("thumbnail", "thumbnail", "url"),
)
"""Our parts of a frame, and where they stand in one of Discord's."""
_MOST: Final = 100
"""Buttons, files or fields of a list that are read."""
_ONLY_ON_A_PHONE: Final = frozenset(
    {
        *("alert_once", "authentication", "car_ui", "caption", "chronometer", "color", "confirmation"),
        *("group", "icon_url", "ledColor", "live_update", "message_tag"),
        *("notification_icon", "one_time_keyboard", "persistent", "presentation_options", "progress"),
        *("progress_max", "resize_keyboard", "sticky", "timeout", "ttl", "verify_ssl", "vibrationPattern"),
        *("visibility", "when", "when_relative"),
    }
)


@dataclass(slots=True)
class LegacyFields:
    """What became of `data`: fields of `bach.send_message`, further lines of text, and what got lost."""

    fields: dict[str, object] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    lost: list[Loss] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    rows: list[object] = field(default_factory=list)


def read_legacy(hass: HomeAssistant, data: Mapping[str, object]) -> LegacyFields:
    """Read the `data` of a call."""
    found, unread = LegacyFields(), list[str]()
    for name, value in data.items():
        if name in _OURS and _take(found, name, value):
            continue
        reader = _READERS.get(name)
        if reader is not None and value is not None:
            reader(hass, found, value)
        elif name not in _ONLY_ON_A_PHONE and value is not None:
            unread.append(name)
    if found.files:
        found.fields[ATTR_FILES] = [*_texts(found.fields.get(ATTR_FILES)), *found.files][:_MOST]
    if found.rows and ATTR_BUTTONS not in found.fields and not _take(found, ATTR_BUTTONS, found.rows[:_MOST]):
        unread.append(ATTR_BUTTONS)
    if unread:
        found.lost.append(Loss(what="data", reason=str(_unread(unread))))
    return found


def lesser(found: LegacyFields) -> Iterator[LegacyFields]:
    """What is tried in turn where a message is refused: its frame in lines, then none of the fields."""
    lines, frame = found.lines, found.fields.get(ATTR_EMBED)
    if isinstance(frame, Mapping):
        lines = [*lines, *_lines_of(frame)]
        others = {name: value for name, value in found.fields.items() if name != ATTR_EMBED}
        yield replace(found, fields=others, lines=lines)
    if found.fields:
        yield replace(found, fields={}, lines=lines)


def _take(found: LegacyFields, name: str, value: object) -> bool:
    """Take a field if it has the form that `bach.send_message` takes; whether it has."""
    try:
        _ONE[name]({name: value})
    except vol.Invalid:
        return False
    found.fields[name] = value
    return True


_ONE: Final = {str(key): vol.Schema({key: one}) for key, one in SCHEMA.schema.items() if str(key) in _OURS}


def _form(_: HomeAssistant, found: LegacyFields, value: object) -> None:
    found.fields[ATTR_FORMAT] = _FORMATS.get(str(value).lower(), "plain")


def _silent(_: HomeAssistant, found: LegacyFields, value: object) -> None:
    found.fields[ATTR_SILENT] = str(value).lower() in _TRUE


def _without_preview(_: HomeAssistant, found: LegacyFields, value: object) -> None:
    found.fields[ATTR_LINK_PREVIEW] = str(value).lower() not in _TRUE


def _importance(_: HomeAssistant, found: LegacyFields, value: object) -> None:
    """Android's `importance` and `priority`, Apple's interruption level, and what sounds."""
    if (level := str(value).lower()) in _QUIET:
        found.fields[ATTR_SILENT] = True
    elif level in _LOUD:
        now = found.fields.get(ATTR_PRIORITY)
        found.fields[ATTR_PRIORITY] = max(now if isinstance(now, int) else 0, _LOUD[level])


def _channel(hass: HomeAssistant, found: LegacyFields, value: object) -> None:
    if str(value).startswith("alarm_stream"):
        _importance(hass, found, "critical")


def _push(hass: HomeAssistant, found: LegacyFields, value: object) -> None:
    """Apple's part: `{"interruption-level": …, "sound": {"critical": 1, …}}`."""
    push = value if isinstance(value, Mapping) else {}
    sound = push.get("sound")
    _importance(hass, found, push.get("interruption-level", ""))
    if isinstance(sound, Mapping) and sound.get("critical"):
        _importance(hass, found, "critical")
    elif sound == "none":
        found.fields[ATTR_SILENT] = True


def _second_title(_: HomeAssistant, found: LegacyFields, value: object) -> None:
    found.lines.insert(0, str(value))


def _link(_: HomeAssistant, found: LegacyFields, value: object) -> None:
    """What a tap opens: an address that anybody can open stands below the words."""
    found.lines += [one for one in _texts(value) if one.startswith(_ADDRESSES)]


def _pictures(hass: HomeAssistant, found: LegacyFields, value: object) -> None:
    """A path, an address, or objects with `file` or `url`, alone or in a list, as every one of the three has them."""
    for one in _listed(value):
        parts = one if isinstance(one, Mapping) else {"url": one}
        place = str(parts.get("file") or parts.get("url") or "")
        if caption := parts.get("caption"):
            found.lines.append(str(caption))
        if place.startswith(_ADDRESSES):
            found.lines.append(place)
        elif place:
            found.files.append(_on_disk(hass, place))


def _on_disk(hass: HomeAssistant, place: str) -> str:
    """The file behind a path of Home Assistant's pages; anything else as it is."""
    folders = {"/local/": hass.config.path("www")}
    folders |= {f"/media/{name}/": folder for name, folder in hass.config.media_dirs.items()}
    found = next((begin for begin in folders if place.startswith(begin)), None)
    return place if found is None else str(Path(folders[found]) / place.removeprefix(found))


def _actions(_: HomeAssistant, found: LegacyFields, value: object) -> None:
    """A phone's buttons: `[{action, title, uri}]`; one that opens something becomes a line."""
    for one in _listed(value):
        if not isinstance(one, Mapping) or not (title := str(one.get("title") or "")):
            continue
        if is_address(str(uri := one.get("uri") or "")):
            found.rows.append([{"text": title, "url": str(uri)}])
        elif uri:
            found.lines.append(f"{title}: {uri}")
        else:
            found.rows.append([{"text": title, "value": str(one.get("action") or title)}])


def _keyboard(_: HomeAssistant, found: LegacyFields, value: object) -> None:
    """Telegram's keyboards: rows of "Text:/command, Other:/other", or of pairs of both."""
    for row in _listed(value):
        buttons = list[object]()
        for text, what in _pairs(row):
            if is_address(what) or not what.startswith(_ADDRESSES):
                buttons.append({"text": text, "url" if is_address(what) else "value": what})
            else:  # nothing opens it
                found.lines.append(f"{text}: {what}")
        if buttons:
            found.rows.append(buttons)


def _pairs(row: object) -> Iterator[tuple[str, str]]:
    for one in row.split(",") if isinstance(row, str) else _listed(row):
        if not isinstance(one, str):
            if pair := _listed(one):
                yield str(pair[0]), str(pair[-1])
            continue
        for each in filter(str.strip, one.split(",")):
            text, _, what = each.strip().partition(":")
            yield (text.strip(), what.strip()) if what else (text.lstrip("/").upper(), text)


def _embed(_: HomeAssistant, found: LegacyFields, value: object) -> None:
    """Discord's frames: the first as one, the words of others in the order in which it shows them."""
    for one in _listed(value):
        if isinstance(one, Mapping) and not (ATTR_EMBED not in found.fields and _take(found, ATTR_EMBED, _frame(one))):
            found.lines += _lines_of(one)


def _lines_of(frame: Mapping[object, object]) -> list[str]:
    """The words of a frame, of Discord's form or of ours."""
    lines = [str(frame[name]) for name in ("title", "description", "url") if frame.get(name)]
    named = (each for each in _listed(frame.get("fields")) if isinstance(each, Mapping))
    return [*lines, *(f"{each.get('name', '')}: {each.get('value', '')}" for each in named)]


def _frame(given: Mapping[str, object]) -> dict[str, object]:
    """A frame of Discord's form in ours (https://discord.com/developers/docs/resources/message#embed-object)."""
    frame: dict[str, object] = {name: str(given[name]) for name in ("title", "description", "url") if given.get(name)}
    for ours, theirs, part in _PARTS:
        within = given.get(theirs)
        if isinstance(within, Mapping) and within.get(part):
            frame[ours] = str(within[part])
    if isinstance(color := given.get("color"), int):
        frame["color"] = f"#{color & 0xFFFFFF:06x}"
    named = [one for one in _listed(given.get("fields")) if isinstance(one, Mapping)]
    frame["fields"] = [
        {"name": str(one.get("name", "")), "value": str(one.get("value", "")), "inline": one.get("inline") is True}
        for one in named
    ]
    return frame


def _listed(value: object) -> list[object]:
    return list(value)[:_MOST] if isinstance(value, list | tuple) else ([] if value is None else [value])


def _texts(value: object) -> list[str]:
    return [one for one in _listed(value) if isinstance(one, str)]


def _unread(names: list[str]) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="legacy_data_lost",
        translation_placeholders={"fields": ", ".join(sorted(names))},
    )


_READERS: Final[Mapping[str, Callable[[HomeAssistant, LegacyFields, object], None]]] = {
    "parse_mode": _form,
    "parser": _form,
    "disable_notification": _silent,
    "disable_web_page_preview": _without_preview,
    "importance": _importance,
    "priority": _importance,
    "channel": _channel,
    "push": _push,
    "subject": _second_title,
    "subtitle": _second_title,
    "clickAction": _link,
    "url": _link,
    "actions": _actions,
    "inline_keyboard": _keyboard,
    "keyboard": _keyboard,
    "embed": _embed,
    **dict.fromkeys(
        ("animation", "attachment", "document", "image", "images", "photo", "sticker", "urls", "video", "voice"),
        _pictures,
    ),
}
