"""Option schemas of the built-in types. Here and not beside each, so that nobody loads a platform to ask."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bach_lib.connectors.declaration import Known, Knows
from bach_lib.connectors.ours import OF_CONNECTOR, OF_NETWORK, SECRETS_OF_NETWORK
from bach_lib.said import Sentence

_BOT_TOKEN = Known(name="bot_token", about=Sentence("the_token_of_the_bot", "the token of the bot"))
_WEBHOOK_SETTINGS = (
    Known(
        name="body",
        about=Sentence("the_json_to_send_with_places_to_fill", "the JSON to send, with places to fill in"),
        takes=(),
    ),
    Known(
        name="body_type",
        about=Sentence("json_form_or_text_what_the_body_is_sent", "json, form or text: what the body is sent as"),
    ),
    Known(name="method", about=Sentence("post_put_patch_or_another_method", "POST, PUT, PATCH or another method")),
    Known(
        name="api_key_header",
        about=Sentence("the_header_that_carries_the_secret_api_key", "the header that carries the secret api_key"),
    ),
    Known(
        name="headers",
        about=Sentence("headers_of_your_own_nothing_secret", "headers of your own, nothing secret"),
        takes=(dict,),
    ),
    Known(
        name="incoming",
        about=Sentence(
            "where_in_what_is_posted_text_sender_id", "where in what is posted text, sender, id and recipient stand"
        ),
        takes=(dict,),
    ),
    Known(
        name="incoming_addresses",
        about=Sentence("the_ip_addresses_and_networks_that_may_post", "the IP addresses and networks that may post"),
        takes=(list,),
    ),
    Known(
        name="incoming_from",
        about=Sentence("who_posts_such_as_alertmanager_or_github", "who posts, such as alertmanager or github"),
    ),
    Known(
        name="incoming_proof",
        about=Sentence("address_the_token_may_stand_in_the_address", '["address"]: the token may stand in the address'),
        takes=(list,),
    ),
)
_AUTH_SECRETS = (
    Known(name="api_key", about=Sentence("the_key_for_api_key", "the key, for api_key")),
    Known(name="token", about=Sentence("the_token_for_bearer", "the token, for bearer")),
    Known(name="username", about=Sentence("the_name_for_basic", "the name, for basic")),
    Known(name="password", about=Sentence("the_password_for_basic", "the password, for basic")),
    Known(name="client_id", about=Sentence("who_we_are_there_for_oauth", "who we are there, for oauth")),
    Known(
        name="client_secret",
        about=Sentence(
            "that_we_are_it_for_oauth_where_it_is_asked", "that we are it, for oauth, where it is asked for"
        ),
    ),
    Known(
        name="refresh_token", about=Sentence("what_brings_new_tokens_for_oauth", "what brings new tokens, for oauth")
    ),
)
_AUTH_SETTINGS = (
    Known(
        name="api_key_header",
        about=Sentence("the_header_that_carries_an_api_key", "the header that carries an API key"),
    ),
    Known(
        name="client_auth",
        about=Sentence(
            "post_or_basic_how_the_client_shows_who", "post or basic: how the client shows who it is, for oauth"
        ),
    ),
    Known(name="scope", about=Sentence("what_is_asked_for_for_oauth", "what is asked for, for oauth")),
    Known(
        name="token_endpoint", about=Sentence("where_tokens_come_from_for_oauth", "where tokens come from, for oauth")
    ),
)
_CHAT_SETTINGS = (
    Known(name="model", about=Sentence("the_model_that_talks", "the model that talks")),
    Known(
        name="system",
        about=Sentence("what_it_is_told_before_each_conversation", "what it is told before each conversation"),
    ),
    Known(
        name="max_tokens", about=Sentence("the_most_that_it_may_answer", "the most that it may answer"), takes=(int,)
    ),
    Known(
        name="num_ctx", about=Sentence("how_much_ollama_keeps_in_mind", "how much Ollama keeps in mind"), takes=(int,)
    ),
    Known(
        name="thinking",
        about=Sentence("whether_it_thinks_before_it_answers", "whether it thinks before it answers"),
        takes=(),
    ),
)
_AI = Knows(secrets=_AUTH_SECRETS, settings=(*_CHAT_SETTINGS, *_AUTH_SETTINGS, *OF_NETWORK))
_HTTP_SETTINGS = (
    Known(name="method", about=Sentence("get_or_head", "GET or HEAD")),
    Known(
        name="expected_status",
        about=Sentence("the_statuses_that_are_good_like_200_204", "the statuses that are good, like [200, 204]"),
        takes=(list,),
    ),
)

_TYPES: Final[Mapping[str, Knows]] = {
    "discord": Knows(
        secrets=(_BOT_TOKEN,),
        settings=OF_CONNECTOR,
        needs=("bot_token",),
        default_endpoint="https://discord.com",
    ),
    "discord_webhook": Knows(
        secrets=(Known(name="url", about=Sentence("the_address_of_the_webhook", "the address of the webhook")),),
        settings=(
            Known(name="username", about=Sentence("the_name_under_which_it_writes", "the name under which it writes")),
            Known(
                name="avatar_url",
                about=Sentence("the_picture_with_which_it_writes", "the picture with which it writes"),
            ),
            Known(
                name="thread_name",
                about=Sentence(
                    "the_name_of_the_posts_that_it_opens_in_a_forum", "the name of the posts that it opens in a forum"
                ),
            ),
            *OF_CONNECTOR,
        ),
        needs=("url",),
    ),
    "homeassistant": Knows(
        secrets=(Known(name="token", about=Sentence("a_long_lived_access_token", "a long-lived access token")),),
        settings=OF_CONNECTOR,
        needs=("token",),
        endpoint="http://homeassistant.local:8123",
    ),
    "ntfy": Knows(
        secrets=(
            Known(
                name="token",
                about=Sentence(
                    "an_access_token_where_topics_are_not_open",
                    "an access token, where topics are not open to everybody",
                ),
            ),
            Known(
                name="username",
                about=Sentence(
                    "the_name_of_the_user_in_the_place_of_a_token", "the name of the user, in the place of a token"
                ),
            ),
            Known(
                name="password",
                about=Sentence(
                    "the_password_of_the_user_in_the_place", "the password of the user, in the place of a token"
                ),
            ),
        ),
        settings=OF_CONNECTOR,
        default_endpoint="https://ntfy.sh",
    ),
    "signal": Knows(
        secrets=(
            Known(
                name="token", about=Sentence("the_bearer_token_of_the_proxy", "the bearer token of the proxy before it")
            ),
        ),
        settings=(
            Known(
                name="number",
                about=Sentence("the_number_of_the_account", "the number of the account"),
                example="+491701234567",
            ),
            *OF_CONNECTOR,
        ),
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
            Known(name="url", about=Sentence("the_address_to_send", "the address to send to")),
            Known(name="secret", about=Sentence("the_key_that_signs_what_is_sent", "the key that signs what is sent")),
            Known(
                name="old_secret",
                about=Sentence(
                    "the_key_before_that_which_signs_too",
                    "the key before that, which signs too while the other side changes",
                ),
            ),
            Known(name="authorization", about=Sentence("the_header_of_that_name", "the header of that name")),
            Known(
                name="api_key",
                about=Sentence("the_key_that_api_key_header_carries", "the key that api_key_header carries"),
            ),
            Known(
                name="username",
                about=Sentence("the_name_for_basic_authentication", "the name, for basic authentication"),
            ),
            Known(
                name="password",
                about=Sentence("the_password_for_basic_authentication", "the password, for basic authentication"),
            ),
            Known(
                name="incoming_secret",
                about=Sentence(
                    "the_key_of_the_signature_of_what_is_posted", "the key of the signature of what is posted"
                ),
            ),
            Known(
                name="incoming_token",
                about=Sentence("the_token_that_every_post_must_show", "the token that every post must show"),
            ),
            Known(
                name="sender:",
                about=Sentence(
                    "and_the_name_of_one_who_posts_the_secret",
                    "and the name of one who posts: the secret of that sender",
                ),
                is_prefix=True,
            ),
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
DECLARED: Final[Mapping[str, Knows]] = {
    type_: replace(knows, secrets=(*knows.secrets, *SECRETS_OF_NETWORK)) for type_, knows in _TYPES.items()
}
