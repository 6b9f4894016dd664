"""Option schema of a type of connection: the names of its secrets and settings, and what each is for.

A connector declares it once (`Connector.knows`). The registry refuses what is misspelt, and the command asks and
explains, from the same lines. Who declares nothing takes everything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce

from bach_lib.common_sentences import A_NUMBER, NAMES_WITH_VALUES, NONE, ONE_OR_OTHER, TEXT, TRUE_OR_FALSE
from bach_lib.errors import InvalidValueError, MissingFieldError, UnknownNameError
from bach_lib.said import Sentence, together

_KINDS: Mapping[type, str] = {
    str: TEXT,
    bool: TRUE_OR_FALSE,
    int: Sentence("a_whole_number", "a whole number"),
    list: Sentence("a_list", "a list"),
    dict: NAMES_WITH_VALUES,
    float: A_NUMBER,
}
_SECRET, _SETTING = Sentence("secret", "secret"), Sentence("setting", "setting")
_SOME_SECRET = Sentence("a_secret", "a secret")
_IS_SETTING = Sentence("it_is_a_setting", "It is a setting.")
_IS_SECRET = Sentence("it_is_a_secret", "It is a secret: give a reference to it in auth_config.")
_SUCH_AS = Sentence("about_such_as_example", "{about}, such as {example}")
_FIELDS = ("allowed", "auth_type", "endpoint", "is_active")
"""What is sometimes looked for among the settings."""
_NEAR = 0.6


class Undeclared:
    """Stands where a class must say something itself; Python names it among the methods that lack."""

    __isabstractmethod__ = True


UNDECLARED = Undeclared()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A secret or a setting: its `name`, and in a few words what it is (`about`).

    `takes`: the kinds of value a setting has, as JSON knows them; nothing: any. `example`: it must be given, for
    instance like this. `default`: what holds where it is not given; it is shown to people, and the connector itself
    reads it so. `is_prefix`: something follows the name, so there may be several.
    """

    name: str
    about: str
    takes: tuple[type, ...] = (str,)
    example: str | None = None
    default: object = None
    is_prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Knows:
    """All that a type can be told. `needs`: the secrets it cannot do without. `endpoint`: an example, if it must be.

    The registry refuses what is misspelt, the command asks for what is needed, and Home Assistant makes a form of it.
    """

    secrets: tuple[Known, ...] = ()
    """What `auth_config` may refer to."""
    settings: tuple[Known, ...] = ()
    """What `settings` may hold."""
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    """What makes all that it `needs` needless: `endpoint`, or how the name of another secret begins."""
    endpoint: str | None = None
    default_endpoint: str | None = None
    """Where it asks if it has no endpoint; None: where its secret `url` says, or nobody knows."""
    title: str = ""
    """What people call the platform; else the type stands for it."""

    def strange(self, secrets: Iterable[str], settings: Iterable[str]) -> list[str]:
        """The names among these that mean nothing to this type."""
        return [*_strange(self.secrets, secrets), *_strange(self.settings, settings)]

    def needed(self, given: Iterable[str]) -> tuple[str, ...]:
        """The secrets it cannot do without; `given`: the names of those it has, and `endpoint` where it has one."""
        return () if any(name.startswith(self.unless) for name in given) else self.needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a connection is told."""

    secrets: Mapping[str, str]
    settings: Mapping[str, object]
    endpoint: str | None = None


_NOTHING = Told(secrets={}, settings={})


def check_told(type_: str, knows: Knows, told: Told, old: Told = _NOTHING) -> None:
    """Raise an `InputError` for a secret or setting that is misspelt, or of another kind than it can be.

    What is `old` stays possible: another version may have taken it.
    """
    for name in _strange(knows.secrets, told.secrets.keys() - old.secrets.keys()):
        elsewhere = _IS_SETTING if name in _names(knows.settings) else ""
        raise _unknown(type_, _SECRET, name, knows.secrets, elsewhere)
    for name in _strange(knows.settings, told.settings.keys() - old.settings.keys()):
        elsewhere = _IS_SECRET if name in _names(knows.secrets) else ""
        raise _unknown(type_, _SETTING, name, knows.settings, elsewhere)
    check_kinds(knows.settings, told, old)


def check_kinds(known: Iterable[Known], told: Told, old: Told = _NOTHING) -> None:
    """Raise `InvalidValueError` for a setting of another kind than it can be. What is `old` stays possible."""
    for one in known:
        value = told.settings.get(one.name)
        if value != old.settings.get(one.name) and not _fits(value, one.takes):
            kinds = reduce(_either, (_KINDS.get(kind, kind.__name__) for kind in one.takes))
            raise InvalidValueError(
                field=f"settings.{one.name}",
                value=_KINDS.get(type(value), type(value).__name__),  # not what it is: a key may stand in it
                expected=Sentence("kind_of_value_and_about", "{kinds}: {about}", kinds=kinds, about=one.about),
            )


def check_complete(type_: str, knows: Knows, told: Told, old: Told | None = None) -> None:
    """Raise `MissingFieldError` for the first field without which it cannot work.

    What `old` lacked as well stays possible: another version may have taken it.
    """
    known = missing_of(knows, old) if old else {}
    for field, about in missing_of(knows, told).items():
        if field not in known:
            raise MissingFieldError(type=type_, field=field, about=about)


def missing_of(knows: Knows, told: Told) -> dict[str, str]:
    """The fields without which a connection cannot work that is told so, each with what it would be."""
    about = {one.name: one.about for one in knows.secrets}
    endpoint = {"endpoint"} if told.endpoint else set()
    found = {
        f"auth_config.{name}": about.get(name, _SOME_SECRET)
        for name in knows.needed({*told.secrets, *endpoint})
        if name not in told.secrets
    }
    if knows.endpoint and not endpoint:
        found["endpoint"] = Sentence(
            "an_address_such_as_endpoint", "an address, such as {endpoint}", endpoint=knows.endpoint
        )
    return found | {
        f"settings.{one.name}": _SUCH_AS(about=one.about, example=one.example)
        for one in knows.settings
        if one.example and told.settings.get(one.name) is None
    }


def _unknown(type_: str, kind: str, name: str, known: tuple[Known, ...], elsewhere: str) -> UnknownNameError:
    names = sorted(_names(known))
    near = elsewhere or _meant(name.lower(), names, is_setting=kind is _SETTING)
    return UnknownNameError(
        type=type_,
        kind=kind,
        name=name[:50],
        meant=together([near, ""]) if near else "",
        known=", ".join(names) or NONE,
    )


def _meant(name: str, names: list[str], *, is_setting: bool) -> str:
    """A guess, as a sentence; nothing where there is none."""
    if near := get_close_matches(name, names, 1, _NEAR):
        return Sentence("did_you_mean_name", 'Did you mean "{name}"?', name=near[0])
    if is_setting and (field := get_close_matches(name, _FIELDS, 1, _NEAR)):
        return Sentence(
            "name_is_no_setting_but_a_field", '"{name}" is no setting, but a field of the connection.', name=field[0]
        )
    return ""


def _either(one: str, other: str) -> str:
    return ONE_OR_OTHER(one=one, other=other)


def _names(known: Iterable[Known]) -> set[str]:
    return {one.name for one in known}


def _strange(known: Iterable[Known], names: Iterable[str]) -> list[str]:
    """Those of the names that mean nothing, in order."""
    known = list(known)
    begins = tuple(one.name for one in known if one.is_prefix)
    whole = {one.name for one in known if not one.is_prefix}
    return sorted(
        name for name in set(names) - whole if not any(name != one and name.startswith(one) for one in begins)
    )


def _fits(value: object, kinds: tuple[type, ...]) -> bool:
    """A switch is no number, though Python thinks so; None takes a setting away."""
    if value is None or not kinds:
        return True
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
