"""Checks a question before anybody is asked, whatever a caller without a type checker has made of it.

What was found later would be an answer that nobody can give, or the wait for one to a question that nobody got.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bach_lib.common_sentences import MORE_THAN_0_SECONDS_AT_MOST_7_DAYS
from bach_lib.errors import InvalidValueError
from bach_lib.models import Place
from bach_lib.outbound.button_fitting import rows_of
from bach_lib.questions.question import Question
from bach_lib.questions.wording import Wording
from bach_lib.said import Sentence

_LONGEST = 7 * 86_400.0
"""Seconds that a question may wait; no restart lets it go on, so longer is a promise that breaks."""


def checked(question: Question) -> Question:
    """The question with rows of buttons for answers. Raises an `InputError`."""
    given: object = question
    if not isinstance(given, Question):
        raise _wrong(
            "question",
            given,
            Sentence("a_question_with_a_text_places_and_a_timeout", "a Question, with a text, places and a timeout"),
        )
    places, answers = _places(question.places), rows_of(question.answers)
    if not question.takes_text and not answers:
        raise InvalidValueError(
            field="answers",
            value="nothing",
            expected=Sentence("at_least_one_answer_or_let_people_write", "at least one answer, or let people write"),
        )
    if any(one.url is not None for row in answers for one in row):
        raise InvalidValueError(
            field="answers",
            value=Sentence("one_that_opens_an_address", "one that opens an address"),
            expected=Sentence("answers_that_bring_a_value", "answers that bring a value back"),
        )
    timeout: object = question.timeout
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= _LONGEST:
        raise InvalidValueError(
            field="timeout",
            value=timeout,
            expected=MORE_THAN_0_SECONDS_AT_MOST_7_DAYS,
        )
    _check_after(question)
    _check_rest(question)
    return replace(question, places=places, answers=answers)


def _places(given: object) -> tuple[Place, ...]:
    if not isinstance(given, Sequence) or not all(isinstance(one, Place) for one in given):
        raise _wrong(
            "places",
            given,
            Sentence(
                "a_list_of_place_each_with_a_connection", "a list of Place, each with a connection and a recipient"
            ),
        )
    if not given:
        raise InvalidValueError(
            field="places", value="nobody", expected=Sentence("at_least_one_recipient", "at least one recipient")
        )
    return tuple(given)


def _check_after(question: Question) -> None:
    """Seconds for each place. Who is to be asked when time is up already never is: that is no mistake (ADR 0136)."""
    given = _unknown(question.after)
    if not isinstance(given, Mapping):
        raise _wrong("after", given, Sentence("seconds_for_each_place", "seconds for each place"))
    for seconds in given.values():
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < _LONGEST:
            raise InvalidValueError(field="after", value=str(seconds)[:20], expected=MORE_THAN_0_SECONDS_AT_MOST_7_DAYS)


def _check_rest(question: Question) -> None:
    takes_text, name_of, options = map(_unknown, (question.takes_text, question.name_of, question.options))
    if not isinstance(takes_text, bool):
        raise _wrong("takes_text", takes_text, "True or False")
    if name_of is not None and not callable(name_of):
        raise _wrong("name_of", name_of, Sentence("a_function_of_the_message", "a function of the message"))
    if not isinstance(options, dict):
        raise _wrong("options", options, Sentence("a_dictionary_of_what_send_takes", "a dictionary of what send takes"))
    if not isinstance(_unknown(question.wordings), Mapping):
        raise _wrong("wordings", question.wordings, Sentence("a_wording_for_each_place", "a Wording for each place"))
    for wording in (question.wording, *question.wordings.values()):
        if not isinstance(_unknown(wording), Wording) or not all(
            isinstance(_unknown(text), str) for text in (wording.answered, wording.unanswered, wording.interrupted)
        ):
            raise _wrong("wording", wording, Sentence("a_wording_with_texts", "a Wording, with texts"))


def _unknown(value: object) -> object:
    """Something that may be anything, for a type checker as well."""
    return value


def _wrong(field: str, value: object, expected: str) -> InvalidValueError:
    return InvalidValueError(field=field, value=type(value).__name__, expected=expected)
