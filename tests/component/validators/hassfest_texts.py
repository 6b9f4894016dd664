"""What Home Assistant's validator, and the loader of a second language, ask of the texts, in our words.

The validator looks at English only. Here every language is held to the same, laid over English as Home Assistant does.
Not stated: references to texts of other integrations, which only Home Assistant's own may use.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from string import Formatter
from typing import Any

import voluptuous as vol
from homeassistant.generated.languages import LANGUAGES

from tests.component.validators.package import ENGLISH, SLUG, Package, leaves, refused

_KEY = vol.Match(r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", msg="an odd key")
_FORMS = re.compile(r"(.+)_(?:zero|one|two|few|many|other)")
_WRONG = {
    "markup": r"<[a-zA-Z/!]",
    "a name in single quotes": r"'\{\w+\}'",
    "a text within another": r".\[%|%\].",
    "a stray blank": r"\A\s|\s\Z",
    "an address": r"://|\bwww\.",
}


def names(text: str) -> set[str]:
    """The names in braces. Raises a `ValueError`."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _words(value: str) -> str:
    if wrong := [fault for fault, pattern in _WRONG.items() if re.search(pattern, value)]:
        raise vol.Invalid(", ".join(wrong))
    try:
        odd = [name for name in names(value) if not name.isidentifier()]
    except ValueError:
        raise vol.Invalid("a brace too many") from None
    if odd:
        raise vol.Invalid(f"{odd[0]!r} is no name")
    return value


def _nameless(value: str) -> str:
    if names(value):
        raise vol.Invalid("a name in braces, which nothing fills here")
    return value


_TEXT = vol.All(str, _words)
_FIXED = vol.All(_TEXT, _nameless)
_TEXTS = {_KEY: _TEXT}
_FIELD = {vol.Required("name"): _TEXT, "description": _TEXT, "example": _TEXT}
_STEP = {
    **dict.fromkeys(("title", "description", "submit"), _TEXT),
    **dict.fromkeys(("data", "data_description", "menu_options", "menu_option_descriptions"), _TEXTS),
    "sections": {_KEY: {"name": _TEXT, "description": _TEXT, "data": _TEXTS, "data_description": _TEXTS}},
}
_DIALOG: dict[vol.Marker | str, object] = {
    vol.Required("step"): {_KEY: _STEP},
    **dict.fromkeys(("flow_title", "title"), _TEXT),
    **dict.fromkeys(("abort", "create_entry", "error", "progress"), _TEXTS),
}


def _fields_described(dialog: dict[str, Any]) -> dict[str, Any]:
    for name, step in dialog["step"].items():
        for part in (step, *step.get("sections", {}).values()):
            if lost := {*part.get("data_description", ())} - {*part.get("data", ())}:
                raise vol.Invalid(f"{min(lost)} is described and no field", path=["step", name])
    return dialog


def _dialog(**more: object) -> Callable[[Any], Any]:
    return vol.All(
        vol.Schema({**_DIALOG, **{vol.Required(key): value for key, value in more.items()}}), _fields_described
    )


def _either(issue: dict[str, Any]) -> dict[str, Any]:
    if len({"description", "fix_flow"} & {*issue}) != 1:
        raise vol.Invalid("either a description or a dialog")
    return issue


_STATES = {_KEY: _FIXED}
_ENTITY = {
    "name": _TEXT,
    "state": _STATES,
    "state_attributes": {_KEY: {"name": _FIXED, "state": _STATES}},
    "unit_of_measurement": _FIXED,
}
_AUTOMATION = {vol.Required("name"): _TEXT, vol.Required("description"): _TEXT, "fields": {_KEY: _FIELD}}


def _tree(value: object) -> object:
    """Not with `vol.Any`, which would say of a text that is wrong that it is no tree."""
    return (_BRANCHES if isinstance(value, Mapping) else vol.Schema(_TEXT))(value)


_BRANCHES = vol.Schema({vol.Any(_KEY, "_"): _tree})
_LANGUAGE = vol.Schema(
    {
        "title": _TEXT,
        "config": _dialog(),
        "options": _dialog(),
        "config_subentries": {SLUG: _dialog(entry_type=_TEXT, initiate_flow={vol.Required("user"): _TEXT, str: _TEXT})},
        "selector": {
            SLUG: {
                **dict.fromkeys(("choices", "options", "unit_of_measurement"), _TEXTS),
                "fields": vol.Any(_TEXTS, {_KEY: {vol.Required("name"): _TEXT, "description": _TEXT}}),
            }
        },
        "system_health": {"info": _TEXTS},
        "config_panel": _tree,
        "issues": {
            _KEY: vol.All(
                {vol.Required("title"): _TEXT, "description": _TEXT, "fix_flow": _dialog()},
                _either,
            )
        },
        "device": {_KEY: {"name": _TEXT}},
        "entity": {SLUG: {_KEY: _ENTITY}},
        "exceptions": {SLUG: {"message": _TEXT}},
        "services": {_KEY: {**_AUTOMATION, "sections": {_KEY: {vol.Required("name"): _TEXT, "description": _TEXT}}}},
        "conditions": {SLUG: _AUTOMATION},
        "triggers": {SLUG: _AUTOMATION},
        "conversation": {vol.Required("agent"): {vol.Required("done"): _TEXT}},
        "common": {SLUG: _TEXT},
    }
)


def _laid_over(below: object, above: object) -> object:
    if not (isinstance(below, Mapping) and isinstance(above, Mapping)):
        return above
    shared = {key: _laid_over(below[key], above[key]) for key in below.keys() & above.keys()}
    return {**below, **above, **shared}


def texts(package: Package) -> Iterator[str]:
    """Every text has a place that is looked at, and is plain words; what needs a text has one.

    Source: script/hassfest/translations.py of home-assistant/core, early 2026. Stricter: an address is one without a
    host, too, and what `sections` describe has to be there.
    """
    english = package.data(ENGLISH)
    for language, own in package.languages():
        for fault in refused(_LANGUAGE, _laid_over(english, own)):
            yield f"{language}: {fault}"


def languages(package: Package) -> Iterator[str]:
    """A file is called like a language that a person can choose.

    Source: homeassistant/generated/languages.py of Home Assistant 2026.10, which the frontend offers.
    """
    yield from (f"there is no language {language}" for language, _ in package.languages() if language not in LANGUAGES)


def keys(package: Package) -> Iterator[str]:
    """A language has no text that English lacks, but for forms of number that English has not.

    Source: homeassistant/helpers/translation.py of Home Assistant 2026.10: it is loaded for nobody.
    """
    english = {path for path, _ in leaves(package.data(ENGLISH))}
    for language, own in package.languages():
        for path, _ in leaves(own):
            form = _FORMS.fullmatch(path[-1])
            if path not in english and not (form and (*path[:-1], form[1]) in english):
                yield f"{language}: {'.'.join(path)} is no text"


def same_names(package: Package) -> Iterator[str]:
    """A text has the names in braces of the English one. Home Assistant leaves out another, and logs an error.

    Source: homeassistant/helpers/translation.py of Home Assistant 2026.10.
    """
    english = dict(leaves(package.data(ENGLISH)))
    for language, own in package.languages():
        for path, text in leaves(own):
            form = _FORMS.fullmatch(path[-1])
            same = english.get(path) or (form and english.get((*path[:-1], form[1])))
            try:
                if same and names(text) != names(same):
                    yield f"{language}: {'.'.join(path)} has other names than {sorted(names(same))}"
            except TypeError, ValueError:
                yield f"{language}: {'.'.join(path)} cannot be filled"


RULES = (texts, languages, keys, same_names)
