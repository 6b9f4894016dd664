"""What a proxy can be to blame for, each with its sentence and the hop at which the way ends."""

from aiohttp import ClientConnectionError

from bach_lib.models.hop import HopName
from bach_lib.said import Sentence


class ProxyFailedError(ClientConnectionError):
    """The way ends at the proxy, or at what it was asked for; nothing of the request was handed on."""

    def __init__(self, hop: HopName, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.hop: HopName = hop
        self.code: str = code
        self.sentence: str = sentence


def refused_login(proxy: str, *, was_shown: bool) -> ProxyFailedError:
    """It does not know us. `was_shown`: it has seen a user."""
    wants = Sentence(
        "the_proxy_wants_a_user_and_a_password",
        "The proxy {proxy} wants a user and a password. Give them with its address.",
        proxy=proxy,
    )
    wrong = Sentence(
        "the_proxy_does_not_take_this_user_and_password",
        "The proxy {proxy} does not take this user and password. Look at both.",
        proxy=proxy,
    )
    return ProxyFailedError(HopName.PROXY, "proxy_login", wrong if was_shown else wants)


def not_let_through(proxy: str, host: str) -> ProxyFailedError:
    """It has a rule against it."""
    words = Sentence(
        "the_proxy_lets_nobody_through_to_host",
        "The proxy {proxy} does not let us through to {host}.",
        proxy=proxy,
        host=host,
    )
    return ProxyFailedError(HopName.PROXY, "unreachable", words)


def not_reached(proxy: str, host: str) -> ProxyFailedError:
    """It has tried."""
    words = Sentence(
        "the_proxy_does_not_reach_host",
        "The proxy {proxy} takes us, but does not reach {host} itself.",
        proxy=proxy,
        host=host,
    )
    return ProxyFailedError(HopName.PROXY, "unreachable", words)


def no_proxy_there(proxy: str) -> ProxyFailedError:
    """It speaks something else, or ends in the middle."""
    words = Sentence(
        "what_answers_is_no_such_proxy", "What answers at {proxy} is no such proxy, or it hung up.", proxy=proxy
    )
    return ProxyFailedError(HopName.PROXY, "unreachable", words)
