"""What an endpoint may look like: an address without credentials, so that none reach the database or a log."""

from urllib.parse import urlsplit

from bach_lib.errors import InvalidEndpointError

_MAX_ENDPOINT = 2000


def check_endpoint(endpoint: str) -> None:
    """Raise `InvalidEndpointError` unless it is an http(s) address without credentials."""
    try:
        parts = urlsplit(endpoint)
        good = (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
        )
    except ValueError:
        good = False
    if not good or len(endpoint) > _MAX_ENDPOINT or any(character.isspace() for character in endpoint):
        raise InvalidEndpointError(
            endpoint=endpoint.rpartition("@")[2][:100]
        )  # what stands before an @ may be a password
