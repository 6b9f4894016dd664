"""Option schemas of the built-in types. Here and not beside each, so that nobody loads a platform to ask."""

from collections.abc import Mapping
from typing import Final

from bach_lib.connectors.declaration import Known, Knows
from bach_lib.connectors.ours import OF_CONNECTOR, OF_NETWORK

_BOT_TOKEN = Known(name="bot_token", about="the token of the bot")
_WEBHOOK_SETTINGS = (
    Known(name="body", about="the JSON to send, with places to fill in", takes=()),
    Known(name="body_type", about="json, form or text: what the body is sent as"),
    Known(name="method", about="POST, PUT, PATCH or another method"),
    Known(name="api_key_header", about="the header that carries the secret api_key"),
    Known(name="headers", about="headers of your own, nothing secret", takes=(dict,)),
    Known(name="incoming", about="where in what is posted text, sender, id and recipient stand", takes=(dict,)),
    Known(name="incoming_addresses", about="the IP addresses and networks that may post", takes=(list,)),
    Known(name="incoming_from", about="who posts, such as alertmanager or github"),
    Known(name="incoming_proof", about='["address"]: the token may stand in the address', takes=(list,)),
)
_AUTH_SECRETS = (
    Known(name="api_key", about="the key, for api_key"),
    Known(name="token", about="the token, for bearer"),
    Known(name="username", about="the name, for basic"),
    Known(name="password", about="the password, for basic"),
    Known(name="client_id", about="who we are there, for oauth"),
    Known(name="client_secret", about="that we are it, for oauth, where it is asked for"),
    Known(name="refresh_token", about="what brings new tokens, for oauth"),
)
_AUTH_SETTINGS = (
    Known(name="api_key_header", about="the header that carries an API key"),
    Known(name="client_auth", about="post or basic: how the client shows who it is, for oauth"),
    Known(name="scope", about="what is asked for, for oauth"),
    Known(name="token_endpoint", about="where tokens come from, for oauth"),
)
_CHAT_SETTINGS = (
    Known(name="model", about="the model that talks"),
    Known(name="system", about="what it is told before each conversation"),
    Known(name="max_tokens", about="the most that it may answer", takes=(int,)),
    Known(name="num_ctx", about="how much Ollama keeps in mind", takes=(int,)),
    Known(name="thinking", about="whether it thinks before it answers", takes=()),
)
_AI = Knows(secrets=_AUTH_SECRETS, settings=(*_CHAT_SETTINGS, *_AUTH_SETTINGS, *OF_NETWORK))
_HTTP_SETTINGS = (
    Known(name="method", about="GET or HEAD"),
    Known(name="expected_status", about="the statuses that are good, like [200, 204]", takes=(list,)),
)


DECLARED: Final[Mapping[str, Knows]] = {
    "discord": Knows(
        secrets=(_BOT_TOKEN,),
        settings=OF_CONNECTOR,
        needs=("bot_token",),
        default_endpoint="https://discord.com",
    ),
    "discord_webhook": Knows(
        secrets=(Known(name="url", about="the address of the webhook"),),
        settings=(
            Known(name="username", about="the name under which it writes"),
            Known(name="avatar_url", about="the picture with which it writes"),
            Known(name="thread_name", about="the name of the posts that it opens in a forum"),
            *OF_CONNECTOR,
        ),
        needs=("url",),
    ),
    "homeassistant": Knows(
        secrets=(Known(name="token", about="a long-lived access token"),),
        settings=OF_CONNECTOR,
        needs=("token",),
        endpoint="http://homeassistant.local:8123",
    ),
    "ntfy": Knows(
        secrets=(
            Known(name="token", about="an access token, where topics are not open to everybody"),
            Known(name="username", about="the name of the user, in the place of a token"),
            Known(name="password", about="the password of the user, in the place of a token"),
        ),
        settings=OF_CONNECTOR,
        default_endpoint="https://ntfy.sh",
    ),
    "signal": Knows(
        secrets=(Known(name="token", about="the bearer token of the proxy before it"),),
        settings=(Known(name="number", about="the number of the account", example="+491701234567"), *OF_CONNECTOR),
        endpoint="http://localhost:8080",
    ),
    "telegram": Knows(
        secrets=(_BOT_TOKEN,),
        settings=OF_CONNECTOR,
        needs=("bot_token",),
        default_endpoint="https://api.telegram.org",
    ),
    "webhook": Knows(
        secrets=(
            Known(name="url", about="the address to send to"),
            Known(name="secret", about="the key that signs what is sent"),
            Known(name="old_secret", about="the key before that, which signs too while the other side changes"),
            Known(name="authorization", about="the header of that name"),
            Known(name="api_key", about="the key that api_key_header carries"),
            Known(name="username", about="the name, for basic authentication"),
            Known(name="password", about="the password, for basic authentication"),
            Known(name="incoming_secret", about="the key of the signature of what is posted"),
            Known(name="incoming_token", about="the token that every post must show"),
            Known(name="sender:", about="and the name of one who posts: the secret of that sender", is_prefix=True),
        ),
        settings=(*_WEBHOOK_SETTINGS, *OF_CONNECTOR),
        needs=("url",),
        unless=("endpoint", "incoming_token", "incoming_secret", "sender:"),  # it only takes what comes in
    ),
    "claude": _AI,
    "gemini": _AI,
    "ollama": _AI,
    "openai-compatible": _AI,
    "mcp": Knows(secrets=_AUTH_SECRETS, settings=(*_AUTH_SETTINGS, *OF_NETWORK), endpoint="https://example.org/mcp"),
    "http": Knows(
        secrets=_AUTH_SECRETS,
        settings=(*_HTTP_SETTINGS, *_AUTH_SETTINGS, *OF_NETWORK),
        endpoint="https://example.org/health",
    ),
}
