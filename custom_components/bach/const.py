"""The words that more than one module of the integration needs."""

from typing import Final

DOMAIN: Final = "bach"

CONF_BOT_TOKEN: Final = "bot_token"  # noqa: S105  the name of a field, not a token
CONF_ENDPOINT: Final = "endpoint"
CONF_KIND: Final = "kind"
CONF_LINK: Final = "link"
CONF_RECIPIENT: Final = "recipient"
CONF_TITLE: Final = "title"

SECRET_FIELDS: Final = (CONF_BOT_TOKEN,)
"""The fields of an entry that the library reads through references and that nobody else may see."""

SUBENTRY_RECIPIENT: Final = "recipient"

TYPE_TELEGRAM: Final = "telegram"
