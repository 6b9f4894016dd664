"""Authentication of requests to an ntfy server: by an access token, or by a user name and a password.

https://docs.ntfy.sh/publish/#authentication describes both. Without any, the server sees an anonymous visitor.
"""

from base64 import b64encode
from collections.abc import Mapping

from bach_lib.common_sentences import A_USER_NAME_WITHOUT_A_COLON
from bach_lib.errors import InvalidValueError
from bach_lib.said import Sentence


def authorization(secrets: Mapping[str, str]) -> Mapping[str, str]:
    """The headers that show who we are. Raises `InvalidValueError` if that is half told, or told in two ways."""
    token, user = (secrets.get(name, "").strip() for name in ("token", "username"))
    password = secrets.get("password", "")
    if token and (user or password):
        raise _invalid(
            "token",
            Sentence(
                "a_token_or_a_user_name_and_a_password_not_both", "a token, or a user name and a password, not both"
            ),
        )
    if user and not password:
        raise _invalid("password", Sentence("the_password_of_the_user", "the password of the user"))
    if password and (not user or ":" in user):
        raise _invalid("username", A_USER_NAME_WITHOUT_A_COLON)
    if password:
        return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}
    return {"Authorization": f"Bearer {token}"} if token else {}


def hidden(secrets: Mapping[str, str], headers: Mapping[str, str]) -> list[str]:
    """What must not be quoted to anybody."""
    shown = (value.partition(" ")[2] for value in headers.values())
    return [secret for secret in (secrets.get("token", "").strip(), secrets.get("password", ""), *shown) if secret]


def _invalid(field: str, expected: str) -> InvalidValueError:
    return InvalidValueError(field=field, value="***", expected=expected)
