"""Checks the options of a new connection by its type, so that a slip is refused before anybody types a secret.

The same lines that the registry checks by (`bach_lib.connectors.declared`) are the help of `bach connector types`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from bach_lib.cli.exits import sentences
from bach_lib.control.sentences import SentenceError

if TYPE_CHECKING:
    from bach_lib.cli.console import Row
    from bach_lib.connectors.declaration import Known, Knows
    from bach_lib.connectors.entry_points import Offer

USUAL = "token"
_OAUTH: Mapping[str, str] = {"token_endpoint": "https://example.org/token"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Required options: the secrets of a type, and examples of what else must be given: its endpoint, its settings."""

    secrets: tuple[str, ...] = ()
    endpoint: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


def category_of(type_: str) -> str:
    """The category of a type: that of a known partner, else it is a connector."""
    kind = import_module("bach_lib.registry.partner_types").PARTNER_TYPES.get(type_)
    return "connector" if kind is None else str(kind.category)


def needs_of(type_: str, auth_type: str, *, endpoint: str | None, given: Iterable[str]) -> Needs:
    """What such a connection cannot do without; `given` are the names of the secrets that somebody wants to give."""
    kinds, knows = import_module("bach_lib.registry.partner_types"), _knows(type_)
    if knows is None:
        return Needs()
    if (kind := kinds.PARTNER_TYPES.get(type_)) is None:
        examples = {one.name: one.example for one in knows.settings if one.example}
        needed = knows.needed({*given, *(("endpoint",) if endpoint else ())})
        return Needs(secrets=needed, endpoint=knows.endpoint, settings=examples)
    auth = kind.usual if auth_type == USUAL else auth_type
    return Needs(
        secrets=tuple(kinds.NEEDED.get(auth, ())),
        endpoint=knows.endpoint,
        settings=_OAUTH if auth == kinds.Auth.OAUTH else {},
    )


def required(
    type_: str, auth_type: str, *, endpoint: str | None, given: Iterable[str], settings: Mapping[str, object]
) -> tuple[str, ...]:
    """The names of the secrets that it cannot do without. Raises `SentenceError` if anything else is missing."""
    check_names(type_, secrets=(given := [*given]), settings=settings)
    needs = needs_of(type_, auth_type, endpoint=endpoint, given=given)
    missing = [f"--endpoint {needs.endpoint}"] if needs.endpoint and not endpoint else []
    missing += [f"--setting {key}={example}" for key, example in needs.settings.items() if key not in settings]
    if missing:
        raise SentenceError(f'For "{type_}", say this too, with what is yours: {" ".join(missing)}')
    return needs.secrets


def check_names(type_: str, *, secrets: Iterable[str], settings: Mapping[str, object]) -> None:
    """Raise `SentenceError` for a name that the registry would refuse."""
    knowing = import_module("bach_lib.connectors.declaration")
    if (knows := _knows(type_)) is not None:
        with sentences(import_module("bach_lib.errors").InputError):
            knowing.check_told(type_, knows, knowing.Told(secrets=dict.fromkeys(secrets, ""), settings=settings))


def explained(type_: str | None) -> list[Row]:
    """All types, or one, with what each can be told. Raises `SentenceError` for one there is not."""
    declared: Mapping[str, Knows] = import_module("bach_lib.connectors.declared").DECLARED
    offers, names = _offers(), sorted({*declared, *_offers()})
    if type_ is not None and type_ not in names:
        raise SentenceError(f'There is no connection type "{type_}" here. Known types: {", ".join(names)}.')
    return [
        row
        for name in names
        if type_ in (None, name)
        for row in (_rows(name, declared[name]) if name in declared else _rows_of_others(name, offers[name]))
    ]


def _rows_of_others(type_: str, offer: Offer) -> list[Row]:
    errors = import_module("bach_lib.errors")
    try:
        knows = offer.load().knows
    except errors.UnusableConnectorError as error:
        return [_row(type_, "", str(error), "")]
    anything = "" if knows else "; it takes anything"
    return [_row(type_, "", f"of the package {offer.package}{anything}", ""), *(_rows(type_, knows) if knows else ())]


def _rows(type_: str, knows: Knows) -> list[Row]:
    where: list[Row] = []
    if knows.endpoint:
        where = [_row(type_, "--endpoint", "its address", f"like {knows.endpoint}")]
    secrets = [
        _row(type_, f"--secret {one.name}", one.about, "yes" if one.name in knows.needs else "")
        for one in knows.secrets
    ]
    settings = [_row(type_, f"--setting {one.name}=…", one.about, _needed(one)) for one in knows.settings]
    return [*where, *secrets, *settings]


def _needed(setting: Known) -> str:
    if setting.example:
        return f"like {setting.example}"
    return "" if setting.default is None else f"else {json.dumps(setting.default, default=str)}"


def _row(type_: str, told: str, about: str, needed: str) -> Row:
    return {"type": type_, "told": told, "about": about, "needed": needed}


def _knows(type_: str) -> Knows | None:
    """Raises `UnusableConnectorError`."""
    found: Knows | None = import_module("bach_lib.connectors.declared").DECLARED.get(type_)
    if found is None and (offer := _offers().get(type_)):
        with sentences(import_module("bach_lib.errors").UnusableConnectorError):
            found = offer.load().knows
        return found and import_module("bach_lib.connectors.ours").with_ours(found)
    return found


def _offers() -> Mapping[str, Offer]:
    """What other packages bring."""
    offers: Mapping[str, Offer] = import_module("bach_lib.connectors.entry_points").installed()
    return offers
