"""What a contract needs of a platform: a connector to it, and a person on the other side."""

from abc import ABC, abstractmethod
from typing import ClassVar, Self

from bach_lib.connectors.base import Connector
from bach_lib.models import NO_EXTRAS, Extras


class Company(ABC):
    """A running platform and a person on it, who reads and writes. `name` is the type of its connections."""

    name: ClassVar[str]
    connector: type[Connector]
    """The class under test."""
    recipient: ClassVar[str]
    """The person's address, in its normal form."""
    knows_what_is_gone: ClassVar[bool] = True
    """Whether it refuses to change a message that was deleted."""

    has_typing: ClassVar[bool] = True
    """Whether a person is there who can be shown that an answer is coming."""

    has_previews: ClassVar[bool] = False
    """Whether the person can be shown what an answer will be."""

    @abstractmethod
    async def __aenter__(self) -> Self:
        """It begins."""

    @abstractmethod
    async def __aexit__(self, *_: object) -> None:
        """It ends, and leaves nothing behind."""

    @abstractmethod
    def connect(self) -> Connector:
        """A connector to it; it is closed at the end."""

    @abstractmethod
    async def go_away(self) -> None:
        """Nothing listens any more."""

    @abstractmethod
    def texts(self) -> list[str]:
        """What `recipient` reads now, oldest first."""

    def files(self) -> list[tuple[str, bytes]]:
        """Names and contents of the files that `recipient` has got, oldest first; none where none can be sent."""
        return []

    def reactions(self) -> list[str]:
        """The emoji below what `recipient` reads, oldest first; none where nobody can react."""
        return []

    def pinned(self) -> list[str]:
        """The words of what is kept in sight there, the oldest pin first; none where nobody can pin."""
        return []

    def links(self) -> list[tuple[str, str]]:
        """The buttons below the last message that open an address: what stands on each, and the address."""
        return []

    def extras(self) -> Extras:
        """What the last message has beside words, files and buttons, as `recipient` sees it; nothing without any."""
        return NO_EXTRAS

    def is_typing(self) -> bool:
        """Whether the person was shown that an answer is coming; never where nobody can be."""
        return False

    def write(self, text: str) -> None:
        """The person behind `recipient` writes, where somebody can."""
        raise AssertionError(f"nobody can write {text!r} through {self.name}")

    def send_file(self, content: bytes) -> None:
        """The person sends a file, where somebody can."""
        raise AssertionError(f"nobody can send {len(content)} bytes through {self.name}")

    def press(self, button: str) -> None:
        """The person presses the button with this text below the last message, where there are buttons."""
        raise AssertionError(f"{self.name} has no button {button!r}")

    def acknowledged(self) -> int:
        """How many presses were acknowledged; none where there are no buttons."""
        return 0
