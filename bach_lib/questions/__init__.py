"""Questions to people: the state machine that decides what counts as an answer, and the asking around it.

A question is asked by sending and answered by what comes in, so this stands above both directions. Nothing here knows
a platform.
"""

from bach_lib.models import Place
from bach_lib.questions.open_questions import Questions
from bach_lib.questions.question import Answer, Asked, Ending, Question
from bach_lib.questions.wording import Wording

__all__ = ["Answer", "Asked", "Ending", "Place", "Question", "Questions", "Wording"]
