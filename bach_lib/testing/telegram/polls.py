"""Polls and effects, as a bot sends them (https://core.telegram.org/bots/api#sendpoll)."""

from collections.abc import Mapping

from bach_lib.models import Poll
from bach_lib.testing.telegram.arguments import Arguments
from bach_lib.testing.telegram.errors import bad_request
from bach_lib.testing.telegram.models import Chat, SentMessage

MAX_QUESTION, MAX_OPTION, MAX_OPTIONS = 300, 100, 12
EFFECTS = frozenset(
    {
        *("5104841245755180586", "5107584321108051014", "5104858069142078462"),
        *("5159385139981059251", "5046509860389126442", "5046589136895476101"),
    }
)


def read_poll(arguments: Arguments) -> Poll:
    """The poll in a call; only one whose votes can be seen. Raises ApiError (400)."""
    question, given = arguments.text("question"), arguments.nested("options")
    if not question:
        raise bad_request("message text is empty")
    if len(question) > MAX_QUESTION:
        raise bad_request(f"poll question length must not exceed {MAX_QUESTION}")
    options = [str(one.get("text", "")) for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    if not 1 <= len(options) <= MAX_OPTIONS:
        raise bad_request(f"poll must have {'at least 1' if not options else f'at most {MAX_OPTIONS}'} option")
    if not all(options):
        raise bad_request("poll options must be non-empty")
    if any(len(one) > MAX_OPTION for one in options):
        raise bad_request(f"poll options length must not exceed {MAX_OPTION}")
    return Poll(question=question, options=tuple(options), multiple=arguments.flag("allows_multiple_answers"))


def check_effect(arguments: Arguments, chat: Chat) -> str | None:
    """The effect in a call. Raises ApiError (400)."""
    effect = arguments.text("message_effect_id") or None
    if effect is not None and chat.type != "private":
        raise bad_request("can't use message effects in the chat")
    if effect is not None and effect not in EFFECTS:
        raise bad_request("EFFECT_ID_INVALID")
    return effect


def poll_id(message: SentMessage) -> str:
    """What a vote names: of one that was passed on, too, that where it was asked."""
    asked = message.origin or message
    return f"5{abs(asked.chat_id):012}{asked.message_id:06}"


def poll_json(message: SentMessage, poll: Poll) -> Mapping[str, object]:
    """The field of the message."""
    options = [{"text": one, "voter_count": 0, "persistent_id": str(number)} for number, one in enumerate(poll.options)]
    return {
        "poll": {
            "id": poll_id(message),
            "question": poll.question,
            "options": options,
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": False,
            "type": "regular",
            "allows_multiple_answers": poll.multiple,
            "allows_revoting": True,
            "members_only": False,
        }
    }
