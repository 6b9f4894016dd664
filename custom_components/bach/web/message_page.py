"""Where a person sees a message and decides about it: the one place that makes its address."""

from custom_components.bach.const import DOMAIN


def message_page(message_id: int) -> str:
    """The address of its page in the panel, within this home."""
    return f"/{DOMAIN}/message/{message_id}"
