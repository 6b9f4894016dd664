"""One vocabulary of the doubles: what a test says of people and of a platform, whichever platform it is.

A program that is tested on one of them is tested on another without a changed line.
"""

from collections.abc import Sequence
from typing import Protocol


class Double[SentT](Protocol):
    """A platform on which a test plays everybody else: `FakePlatform` and the servers of the chat platforms.

    What only one platform has, such as groups, topics and its own refusals, stands in the double's own class.
    """

    person: str
    """Who speaks where a test names nobody, and what `allowed` has to hold.

    It is an address to send to as well; on Telegram and Discord from the first word on, or from `add_chat`, `add_user`.
    """

    @property
    def url(self) -> str:
        """Where it is: the `endpoint` of a connection to it."""

    @property
    def sent(self) -> Sequence[SentT]:
        """What a client sent, as the platform knows it, oldest first."""

    @property
    def texts(self) -> list[str]:
        """What people read of it, oldest first."""

    def says(self, text: str, *, sender: str | None = None) -> object:
        """`sender` writes, alone with the account. Some platforms tell that only to whoever listens at this moment."""

    def presses(self, message: SentT, label: str, *, sender: str | None = None) -> object:
        """`sender` presses the button that is called so. Raises ValueError where there is none."""

    def fails(self) -> None:
        """Whatever it is asked from now on fails, as on a server that is broken, until it `works`."""

    def holds(self) -> None:
        """It takes what comes, and answers nobody, until it `works`."""

    def works(self) -> None:
        """It is as it should be; whoever waits for an answer gets it."""

    async def pause(self) -> None:
        """It goes away: whoever calls is refused."""

    async def resume(self) -> None:
        """It is back, where it was."""

    async def wait_for(self, count: int, timeout: float = 30.0) -> list[SentT]:
        """Wait until `count` messages were sent; return all. Raises TimeoutError after `timeout` seconds."""

    async def wait_until_heard(self, timeout: float = 30.0) -> None:
        """Wait until somebody listens to what people say. Raises TimeoutError after `timeout` seconds."""
