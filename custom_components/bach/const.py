"""Constants that several modules share: keys of entry data, event names, connection types.

Also which fields of an entry are secret, private or settings of the registry's row, so that no module decides that
anew.
"""

from typing import Final

DOMAIN: Final = "bach"

CONF_AGENT: Final = "agent"
CONF_API_KEY: Final = "api_key"
CONF_API_KEY_HEADER: Final = "api_key_header"
CONF_AT_HOME: Final = "at_home"
CONF_AUTH_TYPE: Final = "auth_type"
CONF_AUTHORIZATION: Final = "authorization"
CONF_AWAY: Final = "away"
CONF_AVATAR_URL: Final = "avatar_url"
CONF_BODY: Final = "body"
CONF_BODY_TYPE: Final = "body_type"
CONF_BOT_TOKEN: Final = "bot_token"  # noqa: S105  the name of a field, not a token
CONF_BREAKER_FAILURES: Final = "breaker_failures"
CONF_BREAKER_SECONDS: Final = "breaker_seconds"
CONF_BUT_CAUSE: Final = "but_cause"
"""Whoever caused what is told of is left out."""
CONF_CLIENT_AUTH: Final = "client_auth"
CONF_CLIENT_ID: Final = "client_id"
CONF_CLIENT_SECRET: Final = "client_secret"  # noqa: S105  the name of a field
CONF_CRITICAL_FROM: Final = "critical_from"
CONF_ENDPOINT: Final = "endpoint"
CONF_EVENT_TYPE: Final = "event_type"
CONF_EXPECTED_STATUS: Final = "expected_status"
CONF_HEADERS: Final = "headers"
CONF_HEARD: Final = "heard"
CONF_HELLO: Final = "hello"
CONF_HOME_ID: Final = "home_id"
"""What another Home Assistant calls itself in its network; nothing secret."""
CONF_FIRST_AT_HOME: Final = "first_at_home"
CONF_FIRST_AWAY: Final = "first_away"
CONF_FILE_MEGABYTES: Final = "file_megabytes"
CONF_IF_NOBODY: Final = "if_nobody"
CONF_INBOX_MEGABYTES: Final = "inbox_megabytes"
CONF_INCOMING: Final = "incoming"
CONF_INCOMING_FROM: Final = "incoming_from"
CONF_INCOMING_PROOF: Final = "incoming_proof"
CONF_INCOMING_ADDRESSES: Final = "incoming_addresses"
CONF_INCOMING_SECRET: Final = "incoming_secret"  # noqa: S105  the name of a field
CONF_INCOMING_TOKEN: Final = "incoming_token"  # noqa: S105  the name of a field
CONF_IN_TURN: Final = "in_turn"
CONF_IP_FAMILY: Final = "ip_family"
CONF_KEEP_DAYS: Final = "keep_days"
CONF_KIND: Final = "kind"
KIND_PRIVATE: Final = "private"
"""A recipient that is one person alone; in there nobody else can be told apart."""
CONF_LANGUAGE: Final = "language"
CONF_LINK: Final = "link"
CONF_LOGIN: Final = "login"
CONF_MAX_RETRIES: Final = "max_retries"
CONF_MAX_TOKENS: Final = "max_tokens"
CONF_MAX_WAITING: Final = "max_waiting"
CONF_METHOD: Final = "method"
CONF_MODEL: Final = "model"
CONF_NOTIFY_ACTION: Final = "notify_action"
"""Of a recipient: the name after `notify.` of an action that sends there."""
CONF_NUM_CTX: Final = "num_ctx"
CONF_NUMBER: Final = "number"
CONF_OLD_SECRET: Final = "old_secret"  # noqa: S105  the name of a field
CONF_PARTNER: Final = "partner"
CONF_OWN_SECRET: Final = "own_secret"  # noqa: S105  the name of a field
CONF_OLD_NAMES: Final = "old_names"
"""Entities and actions by which automations knew a bot that was taken over."""
CONF_PACKAGE: Final = "package"
CONF_PASSWORD: Final = "password"  # noqa: S105  the name of a field
CONF_PERSON: Final = "person"
CONF_DELAYED_MINUTES: Final = "delayed_minutes"
CONF_PER_MINUTE: Final = "per_minute"
CONF_PLATFORM: Final = "platform"
CONF_PROXY: Final = "proxy"
CONF_PROXY_FORGET: Final = "proxy_forget"
CONF_PROXY_PASSWORD: Final = "proxy_password"  # noqa: S105  the name of a field
CONF_PROXY_USER: Final = "proxy_user"
CONF_RECEIVES: Final = "receives"
CONF_RECEIVING: Final = "receiving"
CONF_REACHED: Final = "reached"
CONF_GATHERING: Final = "gathering"
CONF_HOLIDAYS: Final = "holidays"
CONF_QUIET_HOURS: Final = "quiet_hours"
CONF_QUIET_START: Final = "quiet_start"
CONF_RECIPIENT: Final = "recipient"
CONF_RECIPIENTS: Final = "recipients"
CONF_REFRESH_TOKEN: Final = "refresh_token"  # noqa: S105  the name of a field
CONF_REPEAT_EVERY: Final = "repeat_every"
CONF_REPEATS: Final = "repeats"
CONF_REPLIES: Final = "replies"
CONF_RETRY_DELAYS: Final = "retry_delays"
CONF_ROLE: Final = "role"
CONF_SCOPE: Final = "scope"
CONF_SECRET: Final = "secret"  # noqa: S105  the name of a field
CONF_SECRETS: Final = "secrets"
CONF_SENDER_ID: Final = "sender_id"
CONF_SENDER_TAG: Final = "sender_tag"
CONF_SETTINGS: Final = "settings"
CONF_SPEECH: Final = "speech"
CONF_SPEECH_TO_TEXT: Final = "speech_to_text"
CONF_STEPS: Final = "steps"
CONF_FROM: Final = "from"
CONF_TO: Final = "to"
CONF_BOTH_WAYS: Final = "both_ways"
CONF_WITH_NAME: Final = "with_name"
CONF_FILES: Final = "files"
CONF_EDITS: Final = "edits"
CONF_DELETIONS: Final = "deletions"
CONF_PAUSED: Final = "paused"
"""Of a route: whom it tells, in order; see `home/route_steps.py`."""
CONF_SYSTEM: Final = "system"
CONF_TAKEN_FROM: Final = "taken_from"
"""The integration of Home Assistant's whose bot was taken over."""
CONF_THINKING: Final = "thinking"
CONF_TITLE: Final = "title"
CONF_TOKEN: Final = "token"  # noqa: S105  the name of a field
CONF_TOKEN_ENDPOINT: Final = "token_endpoint"  # noqa: S105  the name of a field
CONF_URL: Final = "url"
CONF_USER_ID: Final = "user_id"
CONF_USERNAME: Final = "username"
CONF_WAIT: Final = "wait"
CONF_WAY: Final = "way"
CONF_WHO: Final = "who"
CONF_WEBHOOK_ID: Final = "webhook_id"

CHECK_NOW: Final = "check_now"
"""The key of the button that asks a connection now; whoever may press it may use the action."""

EVENT_MESSAGE: Final = "bach_message"
"""The event on Home Assistant's bus for every message that came in."""

EVENT_UNDELIVERED: Final = "bach_undelivered"
"""The event on Home Assistant's bus for every message that ended without having been sent, or nobody knows."""

EVENT_ENDED: Final = "bach_ended"
"""The same for what is no alarm: it was cancelled, or it was itself the word of an automation about such a message."""

EVENT_PROVEN: Final = "bach_proven"
"""A platform told that somebody got a message, or has seen it."""

EVENT_TROUBLE: Final = "bach_trouble"
"""The event on Home Assistant's bus for a connection that has ceased to send, to receive, or to work at all."""

RECIPIENT_BACH: Final = "bach"
"""The recipient that is the BACH in another home."""

RECIPIENT_ENTITY: Final = "notify."
"""How the recipients begin that are notify entities in another home."""

RECIPIENT_EVENT: Final = "event:"
"""How the recipients begin that are types of events in another home."""

SECRET_FIELDS: Final = (
    CONF_API_KEY,
    CONF_AUTHORIZATION,
    CONF_BOT_TOKEN,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_INCOMING_SECRET,
    CONF_INCOMING_TOKEN,
    CONF_LOGIN,
    CONF_OLD_SECRET,
    CONF_PASSWORD,
    CONF_PROXY_PASSWORD,
    CONF_PROXY_USER,
    CONF_REFRESH_TOKEN,
    CONF_SECRET,
    CONF_TOKEN,
    CONF_URL,
)
"""The fields of an entry that the library reads through references and that nobody else may see."""

PRIVATE_FIELDS: Final = (
    CONF_AVATAR_URL,
    CONF_BODY,
    CONF_ENDPOINT,
    CONF_HEADERS,
    CONF_INCOMING_ADDRESSES,
    CONF_LINK,
    CONF_NUMBER,
    CONF_OLD_NAMES,
    CONF_OWN_SECRET,
    CONF_PROXY,
    CONF_RECIPIENT,
    CONF_SECRETS,
    CONF_SENDER_ID,
    CONF_SENDER_TAG,
    CONF_SETTINGS,
    CONF_SYSTEM,
    CONF_TITLE,
    CONF_TOKEN_ENDPOINT,
    CONF_USER_ID,
    CONF_WEBHOOK_ID,
)
"""The other fields of entries and sub-entries that diagnostics hide: names of people and places, and what they say."""

SETTING_FIELDS: Final = (
    CONF_API_KEY_HEADER,
    CONF_AVATAR_URL,
    CONF_BODY,
    CONF_BODY_TYPE,
    CONF_BREAKER_FAILURES,
    CONF_BREAKER_SECONDS,
    CONF_CLIENT_AUTH,
    CONF_EXPECTED_STATUS,
    CONF_HEADERS,
    CONF_INBOX_MEGABYTES,
    CONF_INCOMING,
    CONF_INCOMING_ADDRESSES,
    CONF_INCOMING_FROM,
    CONF_DELAYED_MINUTES,
    CONF_GATHERING,
    CONF_HOLIDAYS,
    CONF_INCOMING_PROOF,
    CONF_IP_FAMILY,
    CONF_KEEP_DAYS,
    CONF_MAX_RETRIES,
    CONF_MAX_TOKENS,
    CONF_MAX_WAITING,
    CONF_FILE_MEGABYTES,
    CONF_METHOD,
    CONF_MODEL,
    CONF_NUMBER,
    CONF_NUM_CTX,
    CONF_PER_MINUTE,
    CONF_PROXY,
    CONF_QUIET_HOURS,
    CONF_QUIET_START,
    CONF_RECEIVING,
    CONF_RETRY_DELAYS,
    CONF_SCOPE,
    CONF_SENDER_TAG,
    CONF_SYSTEM,
    CONF_THINKING,
    CONF_TOKEN_ENDPOINT,
    CONF_USERNAME,
)
"""The fields of an entry that become the settings of its row in the registry."""

LANGUAGES: Final = frozenset({"de", "en", "es", "fr", "it", "nl"})
"""In which there are texts."""

SUBENTRY_ALERT: Final = "alert"
SUBENTRY_PEOPLE: Final = "people"
"""A person of Home Assistant, or all of them, each told where they are."""
SUBENTRY_BRIDGE: Final = "bridge"
SUBENTRY_PERSON: Final = "person"
"""Somebody in a group, with a role of their own."""
SUBENTRY_RECIPIENT: Final = "recipient"
SUBENTRY_ROUTE: Final = "route"

TYPE_CLAUDE: Final = "claude"
TYPE_DISCORD: Final = "discord"
TYPE_DISCORD_WEBHOOK: Final = "discord_webhook"
TYPE_GEMINI: Final = "gemini"
TYPE_HOMEASSISTANT: Final = "homeassistant"
TYPE_HTTP: Final = "http"
TYPE_MCP: Final = "mcp"
TYPE_NTFY: Final = "ntfy"
TYPE_OLLAMA: Final = "ollama"
TYPE_OPENAI_COMPATIBLE: Final = "openai-compatible"
TYPE_ROUTES: Final = "routes"
TYPE_SIGNAL: Final = "signal"
TYPE_TELEGRAM: Final = "telegram"
TYPE_THIS_HOME: Final = "this_home"
TYPE_WEBHOOK: Final = "webhook"
