"""Errors of a question without an answer.

UnansweredError
├── NobodyAnsweredError: time was up
├── QuestionUndeliveredError: it reached nobody, so nobody can answer
└── QuestionInterruptedError: BACH was closed, or whoever asked went away
"""

from bach_lib.errors import BachError


class UnansweredError(BachError):
    """There is no answer, and there will be none."""

    code = "unanswered"
    template = "The question was not answered."


class NobodyAnsweredError(UnansweredError):
    """Time was up."""

    code = "nobody_answered"
    template = "Nobody answered within {seconds} seconds."
    seconds: object


class QuestionUndeliveredError(UnansweredError):
    """Every recipient's message ended without being sent."""

    code = "question_undelivered"
    template = "The question reached nobody: {reason}"
    reason: object


class QuestionInterruptedError(UnansweredError):
    """What waited for the answer has ended. An answer that comes later is none."""

    code = "question_interrupted"
    template = "The question was interrupted before anybody answered. Ask again."
