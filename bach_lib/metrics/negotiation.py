"""Negotiation: which of the two formats a header `Accept` wants."""

OPENMETRICS = "application/openmetrics-text"
_KNOWN = frozenset({"", "0.0.1", "1.0.0"})
"""Versions of it that the one we write is, or is read as."""


def wants_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics is wanted at least as much as the older format. Without a wish the older one is sent."""
    ours = plain = 0.0
    for wish in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in wish.split(";"))
        named = {name.strip(): value.strip(' "') for name, _, value in (one.partition("=") for one in parameters)}
        if kind == OPENMETRICS and named.get("version", "") in _KNOWN:
            ours = max(ours, _weight(named.get("q", "1")))
        elif kind == "text/plain":
            plain = max(plain, _weight(named.get("q", "1")))
    return ours > 0 and ours >= plain


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
