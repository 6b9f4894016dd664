"""What Discord takes for a message: the limits of https://discord.com/developers/docs/resources/message#create-message."""

from collections.abc import Iterator, Mapping

from bach_lib.testing.discord.arguments import Body
from bach_lib.testing.discord.errors import empty_message, invalid

MAX_CONTENT = 2000
MAX_NONCE = 25
MAX_CUSTOM_ID = 100
MAX_LABEL = 80
MAX_URL = 512
MAX_EMBEDS = 10
MAX_EMBED = 6000
LONGEST = {"title": 256, "description": 4096, "name": 256, "value": 1024, "text": 2048, "author.name": 256}
"""https://discord.com/developers/docs/resources/message#embed-object-embed-limits."""
MAX_ADDRESS = 2048
MAX_QUESTION, MAX_ANSWER, MAX_ANSWERS, MAX_HOURS = 300, 55, 10, 768
"""https://discord.com/developers/docs/resources/poll#poll-create-request-object."""
LINK = 5
"""The style of a button that opens an address, and brings nothing back."""


def check_message(body: Body, *, changing: bool = False) -> None:
    """Raise ApiError (400) for what cannot be a message; `changing`: what is left out stays as it is."""
    content = body.values.get("content")
    if content is not None and not isinstance(content, str):
        raise invalid("content", "STRING_TYPE_CONVERT", f'Could not interpret "{content}" as string.')
    if content and len(content) > MAX_CONTENT:
        raise invalid("content", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_CONTENT} or fewer in length.")
    rows = body.values.get("components") or []
    if not isinstance(rows, list):
        raise invalid("components", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    check_components(rows)
    check_embeds(body.values.get("embeds") or [])
    check_poll(body.values.get("poll"))
    left_as_it_is = changing and "content" not in body.values
    has_something = (
        (content or "").strip() or rows or body.files or body.values.get("embeds") or body.values.get("poll")
    )
    if not has_something and not left_as_it_is:
        raise empty_message()


def check_nonce(values: Mapping[str, object]) -> str | None:
    """The nonce, if there is one. Raises ApiError (400)."""
    nonce = values.get("nonce")
    if nonce is None:
        return None
    if len(str(nonce)) > MAX_NONCE:
        raise invalid("nonce", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_NONCE} or fewer in length.")
    return str(nonce)


def check_components(rows: list[object]) -> None:
    """Raise ApiError (400) for buttons that Discord would not show."""
    if len(rows) > 5:
        raise invalid("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    seen: set[str] = set()
    for button in _buttons(rows):
        if button.get("style") == LINK:
            _check_link(button)
            continue
        custom_id, label = str(button.get("custom_id", "")), str(button.get("label", ""))
        if not 1 <= len(custom_id) <= MAX_CUSTOM_ID:
            raise invalid("components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_CUSTOM_ID} in length.")
        if len(label) > MAX_LABEL:
            raise invalid("components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_LABEL} in length.")
        if custom_id in seen:
            raise invalid("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
        seen.add(custom_id)


def check_embeds(embeds: object) -> None:
    """Raise ApiError (400) for frames that Discord would not show."""
    if not isinstance(embeds, list) or len(embeds) > MAX_EMBEDS:
        raise invalid("embeds", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_EMBEDS} in length.")
    texts = [text for one in embeds for text in _texts(one)]
    if any(len(text) > LONGEST.get(name, MAX_ADDRESS) for name, text in texts):
        raise invalid("embeds", "BASE_TYPE_MAX_LENGTH", "Must be shorter in length.")
    if sum(len(text) for name, text in texts if name in LONGEST) > MAX_EMBED:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_EMBED}")


def check_poll(poll: object) -> None:
    """Raise ApiError (400) for a poll that Discord would not ask."""
    match poll:
        case None:
            return
        case {"question": {"text": str(question)}, "answers": [*answers], "duration": int(hours)}:
            texts = [one["poll_media"]["text"] for one in answers if isinstance(one, dict)]
            is_short = 1 <= len(question) <= MAX_QUESTION and all(1 <= len(one) <= MAX_ANSWER for one in texts)
            if is_short and 1 <= len(texts) == len(answers) <= MAX_ANSWERS and 1 <= hours <= MAX_HOURS:
                return
    raise invalid("poll", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 10 in length.")


def _texts(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """All texts of a frame, each with the name of its field."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, name)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, f"author.{key}" if name == "author" else str(key))


def _check_link(button: Mapping[str, object]) -> None:
    url = str(button.get("url", ""))
    if "custom_id" in button:
        raise invalid(
            "components",
            "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
            "A custom id and url cannot both be specified",
        )
    if not url.startswith(("http://", "https://", "discord://")):
        raise invalid("components", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of http, https or discord.")
    if len(url) > MAX_URL:
        raise invalid("components", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_URL} or fewer in length.")


def _buttons(rows: list[object]) -> Iterator[Mapping[str, object]]:
    for row in rows:
        match row:
            case {"type": 1, "components": list(buttons)} if 1 <= len(buttons) <= 5:
                yield from (button for button in buttons if isinstance(button, dict))
            case _:
                raise invalid("components", "UNION_TYPE_CHOICES", "Value of field must be a row of 1 to 5 buttons.")
