"""The words that more than one module of the integration needs."""

from typing import Final

DOMAIN: Final = "bach"

CONF_AGENT: Final = "agent"
CONF_AVATAR_URL: Final = "avatar_url"
CONF_BOT_TOKEN: Final = "bot_token"  # noqa: S105  the name of a field, not a token
CONF_ENDPOINT: Final = "endpoint"
CONF_KIND: Final = "kind"
CONF_LANGUAGE: Final = "language"
CONF_LINK: Final = "link"
CONF_RECIPIENT: Final = "recipient"
CONF_ROLE: Final = "role"
CONF_SENDER_ID: Final = "sender_id"
CONF_SPEECH_TO_TEXT: Final = "speech_to_text"
CONF_TITLE: Final = "title"
CONF_URL: Final = "url"
CONF_USER_ID: Final = "user_id"
CONF_USERNAME: Final = "username"

EVENT_MESSAGE: Final = "bach_message"
"""The event on Home Assistant's bus for every message that came in."""

SECRET_FIELDS: Final = (CONF_BOT_TOKEN, CONF_URL)
"""The fields of an entry that the library reads through references and that nobody else may see."""

SETTING_FIELDS: Final = (CONF_AVATAR_URL, CONF_USERNAME)
"""The fields of an entry that become the settings of its row in the registry."""

SUBENTRY_PERSON: Final = "person"
SUBENTRY_RECIPIENT: Final = "recipient"

TYPE_DISCORD: Final = "discord"
TYPE_DISCORD_WEBHOOK: Final = "discord_webhook"
TYPE_TELEGRAM: Final = "telegram"
