"""Parses ntfy addresses: a topic, which is nothing but a name that whoever knows it may read and write."""

import re
from typing import Final

from bach_lib.connectors.address_text import tidy
from bach_lib.connectors.endpoint import same_place
from bach_lib.errors import InvalidRecipientError
from bach_lib.said import Sentence

DEFAULT_ENDPOINT: Final = "https://ntfy.sh"
"""Where those are who have no server of their own."""

_OTHERS = re.compile(r"[^\w.-]+")
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
_PAGES = frozenset({"account", "app", "docs", "file", "login", "metrics", "settings", "signup", "static", "v1"})
"""What every server has at addresses of this name, so that nobody can publish there.

https://github.com/binwiederhier/ntfy/blob/main/server/config.go
"""


def normalize(recipient: str) -> str:
    """The one way to write this topic. Large letters and small ones differ. Raises `InvalidRecipientError`."""
    topic = tidy(recipient)
    if topic in _PAGES:
        expected = Sentence(
            "another_name_every_server_keeps_topic",
            'another name: every server keeps "{topic}" for a page of its own',
            topic=topic,
        )
    elif is_topic(topic):
        return topic
    else:
        expected = Sentence(
            "the_name_of_a_topic_like_our_doorbell_without",
            'the name of a topic, like "our_doorbell", without the server',
        )
    raise InvalidRecipientError(recipient=recipient[:100], type="ntfy", expected=expected)


def is_topic(name: object) -> bool:
    """Whether this can be the name of a topic."""
    return isinstance(name, str) and _TOPIC.fullmatch(name) is not None


def account_of(endpoint: str | None, who: str) -> str:
    """Whose connection it is: of a server, and of whoever has this token or name there."""
    return f"{same_place(endpoint or DEFAULT_ENDPOINT)} {who}".rstrip()


def as_id(*names: str) -> str:
    """What an account is known by, in the few characters that a connection's name may have."""
    return _OTHERS.sub("_", "_".join(names))[:80]
