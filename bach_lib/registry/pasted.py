"""Cleans pasted values: a token inside a sentence, a line of a file, the address of a page.

A token is copied with the word before it, with its quotes, from a configuration, out of the sentence that a bot wrote.
What it is can be told by its form, so nobody has to be told to copy it once more. Passwords have no form: they stay as
they are. An address has its scheme completed, and loses what a page of the same server has behind it.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

_LONGEST = 16_384
"""Characters; nothing longer is looked through."""

_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_QUOTES: Final[Mapping[str, str]] = {
    '"': '"', "'": "'", "`": "`", "<": ">", "“": "”", "„": "“", "”": "”", "\u2018": "\u2019", "«": "»", "»": "«",
}  # fmt: skip

_TELEGRAM = (
    # BotFather's message loses its line breaks in a box of one line, and its next word then sticks to the token
    re.compile(r"(?<!\d)\d{5,16}:[\w-]{20,64}?(?=Keep your token)", re.ASCII),
    re.compile(r"(?<!\d)\d{5,16}:[\w-]{20,}", re.ASCII),
)
_DISCORD = (re.compile(r"(?<![\w.-])[\w-]{18,}\.[\w-]{5,}\.[\w-]{20,}(?![\w.-]\w)", re.ASCII),)
_DISCORD_WEBHOOK = (
    re.compile(r"https?://[^\s\"'<>`]+?/webhooks/\d{14,20}/[\w-]{20,120}(?:\?thread_id=\d+)?", re.ASCII),
)
_JWT = (re.compile(r"(?<![\w.-])eyJ[\w-]+\.[\w-]+\.[\w-]+", re.ASCII),)
_FORMS: Final[Mapping[tuple[str, str], tuple[re.Pattern[str], ...]]] = {
    ("telegram", "bot_token"): _TELEGRAM,
    ("discord", "bot_token"): _DISCORD,
    ("discord_webhook", "url"): _DISCORD_WEBHOOK,
    ("homeassistant", "token"): _JWT,
    ("ntfy", "token"): (re.compile(r"(?<![\w-])tk_[a-zA-Z0-9]{20,}", re.ASCII),),
    ("claude", "api_key"): (re.compile(r"(?<![\w-])sk-ant-[\w-]{8,}", re.ASCII),),
    ("gemini", "api_key"): (re.compile(r"(?<![\w-])AIza[\w-]{30,}", re.ASCII),),
}
"""What a token of a type looks like, the surest form first."""

_WHOLE: Final[Mapping[tuple[str, str], re.Pattern[str]]] = {
    ("telegram", "bot_token"): re.compile(r"\d{5,16}:[\w-]{35}", re.ASCII),
    ("discord", "bot_token"): re.compile(r"[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,38}", re.ASCII),
    ("homeassistant", "token"): re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}", re.ASCII),
}
"""One that is sure to be whole: so it is told that an e-mail or a terminal has broken it into lines."""

LIFTED = frozenset({"bot_token", "token", "api_key", "client_secret", "refresh_token"})
"""What a machine made. What a person made, such as a password, may look like anything."""
_OF_PLATFORMS = frozenset(
    {
        "telegram",
        "discord",
        "homeassistant",
        "ntfy",
        "signal",
        "claude",
        "gemini",
        "ollama",
        "openai-compatible",
        "mcp",
        "http",
    }
)

_OPTION = re.compile(r"(?:curl\s.*\s)?(?:-H|--header)[\s=]+(?P<rest>.+)", re.DOTALL)
_NAMED = re.compile(
    r"(?:(?:export|set|setx|-|\$env:)\s*)?[\"']?"
    r"(?P<name>(?:[A-Za-z][\w.-]*?)?(?:token|key|secret|auth|authorization|bearer|pat)|[A-Z][A-Z0-9]*_[A-Z0-9_]+)"
    r"[\"']?\s*(?:=(?!=*$)|:=|:(?=[\s\"'])|=>)\s*(?P<rest>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_SCHEME = re.compile(r"(?:bearer|bot|token|apikey|api-key)[:\s]\s*(?P<rest>\S.*)", re.IGNORECASE | re.DOTALL)
_MOST_LAYERS = 6


def secret(type_: str, field: str, pasted: str) -> str:
    """The secret of a connection of this type in what somebody pasted into this field; as it is where none is seen."""
    text = pasted.translate(_UNSEEN).strip()
    if len(text) > _LONGEST:
        return text
    joined, whole = "".join(text.split()), _WHOLE.get((type_, field))
    if whole and whole.fullmatch(joined) and not text.split()[0].isalpha():
        return joined
    for form in _FORMS.get((type_, field), ()):
        if form.fullmatch(text):
            return text
        if len(found := set(form.findall(unquote(text) if "%3A" in text.upper() else text))) == 1:
            return str(found.pop())
    if field in LIFTED and type_ in _OF_PLATFORMS:
        return _peeled(text)
    return _unquoted(text) if (field, type_) in {("url", "webhook"), ("url", "discord_webhook")} else text


def secrets(type_: str, found: Mapping[str, str]) -> dict[str, str]:
    """All secrets of a connection, each as it is meant."""
    return {field: secret(type_, field, value) for field, value in found.items()}


def _peeled(text: str) -> str:
    """Layer by layer: quotes, the name of a variable or header, the word that stands before a token."""
    for _ in range(_MOST_LAYERS):
        inner = _unquoted(text)
        for layer in (_OPTION, _NAMED, _SCHEME):
            if match := layer.fullmatch(inner):
                inner = match["rest"].strip()
                break
        if inner == text:
            break
        text = inner
    return text


def _unquoted(text: str) -> str:
    inner = text.strip().rstrip(",;").strip()
    if len(inner) > 1 and _QUOTES.get(inner[0]) == inner[-1] and inner[0] not in inner[1:-1]:
        return inner[1:-1].strip()
    return inner if inner[:1] in _QUOTES or text.endswith((",", ";")) else text.strip()


_HERE = (
    "localhost",
    ".local",
    ".lan",
    ".home",
    ".internal",
    ".home.arpa",
    ".localdomain",
    ".box",
    ".test",
    ".fritz.box",
)
_PAGES: Final[Mapping[str, re.Pattern[str]]] = {
    "homeassistant": re.compile(r"/.*"),
    "ntfy": re.compile(r"/(?:app|v1|account|login|signup|settings)(?:/.*)?$"),
    "signal": re.compile(r"/(?:v1|v2|swagger)(?:/.*)?$"),
    "ollama": re.compile(r"/(?:api|v1)(?:/.*)?$"),
    "openai-compatible": re.compile(r"/(?:chat/completions|completions|models|embeddings|responses)(?:/.*)?$"),
    "claude": re.compile(r"/v1(?:/.*)?$"),
    "gemini": re.compile(r"/v1(?:beta)?(?:/.*)?$"),
    "telegram": re.compile(r"/bot/?$"),
}
"""What stands behind the address of a server: its pages, and what programs ask there."""
_SECURE: Final[Mapping[str, str]] = {"ws": "http", "wss": "https"}
_WITH_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/{1,3}", re.ASCII)
_WITHOUT_SCHEME = re.compile(r"(?:[^\s/?#@:\[\]]+|\[[0-9A-Fa-f:.%]+\])(?::\d{1,5})?(?:[/?#].*)?")


def addresses(type_: str, pasted: str) -> tuple[str, ...]:
    """What an address may mean, the likeliest first; what is none comes back as it is.

    Without a scheme, a machine at home is asked without encryption first and with it then; any other only with it, so
    that no token travels in the clear because a word was missing.
    """
    text = _unquoted(pasted.translate(_UNSEEN).strip())
    if not text or len(text) > _LONGEST or any(character.isspace() for character in text):
        return (text,)
    if _is_bare_ipv6(text):
        text = f"[{text}]"
    if _WITH_SCHEME.match(text):
        scheme, _, rest = text.partition(":")
        scheme = scheme.lower()
        return (_of_server(type_, f"{_SECURE.get(scheme, scheme)}://{rest.lstrip('/')}"),)
    if not _WITHOUT_SCHEME.fullmatch(text):
        return (text,)
    schemes = ("http", "https") if _is_here(text) else ("https",)
    return tuple(_of_server(type_, f"{scheme}://{text}") for scheme in schemes)


def address(type_: str, pasted: str) -> str:
    """The likeliest of them."""
    return addresses(type_, pasted)[0]


def _is_bare_ipv6(text: str) -> bool:
    """Whether it is an address that needs brackets before it can stand in front of a port."""
    try:
        return not ipaddress.IPv6Address(text).scope_id
    except ValueError:
        return False


def _is_here(text: str) -> bool:
    """Whether it is a machine at home, as far as its name tells."""
    try:
        parts = urlsplit(f"http://{text}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return False
    if port == 443:
        return False
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_HERE)


def _of_server(type_: str, url: str) -> str:
    """Without the page and without what only a browser needs."""
    try:
        parts = urlsplit(url)
        page = _PAGES.get(type_)
        if page is None or parts.scheme not in {"http", "https"}:
            return url
        if type_ != "homeassistant" and (parts.query or parts.fragment):
            return url  # a key may stand there, and whoever pasted it is to be told
        return urlunsplit((parts.scheme, parts.netloc, page.sub("", parts.path).rstrip("/"), "", ""))
    except ValueError:
        return url
