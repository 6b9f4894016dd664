"""The error tree: as it is drawn, with a sentence and a code each, and able to travel."""

import copy
import inspect
import pickle
import re
from string import Formatter

import pytest

from bach_lib import errors
from bach_lib.errors import (
    BachError,
    InputError,
    InvalidRecipientError,
    InvalidTimeToLiveError,
    NoFileError,
    StorageError,
    UnknownFormatError,
)

ALL: list[type[BachError]] = [
    value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, BachError)
]
CONCRETE = [error for error in ALL if error not in (BachError, InputError, StorageError)]
IN_THE_TREE = re.findall(r"\b[A-Z]\w+Error\b", errors.__doc__ or "")


def fields(error: type[BachError]) -> list[str]:
    """The placeholders of a sentence."""
    return [field for _, field, _, _ in Formatter().parse(error.template) if field]


def make(error: type[BachError]) -> BachError:
    """An error with something in every placeholder."""
    return error(**{field: f"<{field}>" for field in fields(error)})


def test_the_tree_shows_every_error_once() -> None:
    """Who reads the documentation would miss an error, or catch one that does not exist."""
    drawn = [name for name in IN_THE_TREE if name != "ValueError"]
    assert sorted(drawn) == sorted(error.__name__ for error in ALL)


def test_the_tree_hangs_together_as_drawn() -> None:
    """`except StorageError` would miss what the drawing promises it to catch."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        names = [name for name in re.findall(r"\b[A-Z]\w+Error\b", line) if name != "ValueError"]
        if names:
            depth = re.search(r"[A-Z]", line)
            assert depth
            above = [(column, name) for column, name in above if column < depth.start()]
            parents |= dict.fromkeys(names, above[-1][1] if above else "Exception")
            above.append((depth.start(), names[0]))
    assert parents == {error.__name__: error.__mro__[1].__name__ for error in ALL}


def test_codes_are_unique_and_named_like_their_class() -> None:
    """Two mistakes would share a translation."""
    codes = {error: error.code for error in CONCRETE}
    assert len(set(codes.values())) == len(codes)
    for error, code in codes.items():
        words = re.findall(r"[A-Z][a-z]+", error.__name__.removesuffix("Error"))
        assert code == "_".join(words).lower()


@pytest.mark.parametrize("error", CONCRETE)
def test_every_error_says_what_to_know(error: type[BachError]) -> None:
    """A sentence would be missing, be shown with holes, or not say where."""
    made = make(error)
    assert str(made).endswith(".")
    assert "{" not in str(made)
    assert set(made.placeholders) == set(fields(error))
    assert all(f"<{field}>" in str(made) for field in fields(error))
    assert error.template != BachError.template
    assert error.__doc__


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("two\nlines\r\nand\u2028more", "two lines and more"),
        ("\x1b[31mred\ud800\u202e", "\ufffd[31mred\ufffd\ufffd"),
        ("x" * 500, "x" * 500),
        ("x" * 60_000, "x" * 499 + "…"),
    ],
)
def test_what_a_sentence_repeats_is_one_line_of_a_bearable_length(given: str, said: str) -> None:
    """Who gives a book for a name would get the book back, and a log or terminal do what is written in it."""
    error = UnknownFormatError(type="fake", format=given, known="plain")
    assert error.placeholders["format"] == said
    assert str(error) == f'fake does not know the text format "{said}". Use one of: plain.'


@pytest.mark.parametrize("error", ALL)
def test_errors_travel(error: type[BachError]) -> None:
    """A process pool, or a copy, would turn our error into a TypeError."""
    made = make(error)
    for travelled in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert type(travelled) is error
        assert (str(travelled), travelled.placeholders) == (str(made), made.placeholders)


def test_input_errors_are_value_errors() -> None:
    """Programs that know nothing of us could not catch a bad value."""
    assert issubclass(InputError, ValueError)
    assert not issubclass(StorageError, ValueError)


def test_what_a_user_wrote_cannot_break_the_sentence() -> None:
    """A format named "{0.__class__}" would end in another error, or read our memory."""
    error = UnknownFormatError(type="fake", format="{type.__class__} {0} %s {", known="plain")
    assert '"{type.__class__} {0} %s {"' in str(error)


def test_an_error_without_what_it_needs_says_what_that_is() -> None:
    """Who raises an error of ours would look up in our source what it is made from."""
    with pytest.raises(TypeError, match="UnknownFormatError is made from type, format, known, not from type"):
        UnknownFormatError(type="fake")  # type: ignore[call-arg] # a type checker sees it, too
    with pytest.raises(TypeError, match="not from id, text"):
        NoFileError(id=1, text="more")  # type: ignore[call-arg] # that is the point


def test_a_sentence_needs_no_more_than_its_class_says() -> None:
    """The signature that editors show would lack a placeholder."""
    with pytest.raises(TypeError, match="HoledError has a sentence with hole"):

        class HoledError(BachError):
            """Does not say what fills it."""

            template = "There is a {hole}."


def test_what_an_error_is_made_from_can_be_read_from_it() -> None:
    """A program would have to take the number out of a sentence; or get more of a foreign value than is bearable."""
    error = pickle.loads(pickle.dumps(InvalidTimeToLiveError(value=-1.5)))
    assert (error.value, error.placeholders) == (-1.5, {"value": "-1.5"})
    named = InvalidRecipientError(recipient="two\nlines", type="fake", expected="a name")
    assert (named.recipient, named.type, named.expected) == ("two lines", "fake", "a name")
