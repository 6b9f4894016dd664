"""Client of the Bot API: python-telegram-bot's `Bot`, kept from knowing the token and from logging messages.

- It gets a placeholder instead of the token; our request class puts the token into the address. Whatever the library
  logs, shows in a repr or quotes in an error, now or in a later version, the token is not in it.
- At debug level it logs every message and update in full; here it logs nothing.
- Answers stay plain JSON. A field of a newer Bot API that the library's classes cannot read would make a message that
  *was* sent look failed, and an update unreadable for ever. It also saves the time to build the objects.
- What is JSON as it stands goes to our request class at once; the library makes an object of each parameter first, and
  reads the answer a second time. Files it knows how to put into a form.
"""

import logging
from abc import abstractmethod
from collections.abc import Mapping

from telegram import Bot, InputFile
from telegram.request import BaseRequest

TOKEN_PLACEHOLDER = "the-token-goes-here"  # noqa: S105  # the opposite of a password


class PlainRequest(BaseRequest):
    """A request class that can also make a call without python-telegram-bot around it."""

    __slots__ = ()

    @abstractmethod
    async def call(self, url: str, parameters: Mapping[str, object]) -> object:
        """The `result` of a call with these parameters, which are JSON. Raises `TelegramError`."""


class RawBot(Bot):
    """Calls methods of the Bot API on `endpoint` (scheme, host and perhaps a path, without a slash at the end)."""

    # The class attribute is how the library's own subclass takes another logger. This one stands outside of the
    # hierarchy, so that no configuration reaches it.
    _LOGGER = logging.Logger("telegram.Bot", level=logging.CRITICAL + 1)  # noqa: LOG001

    def __init__(self, endpoint: str, *, request: PlainRequest, polling: PlainRequest) -> None:
        super().__init__(
            token=TOKEN_PLACEHOLDER,
            base_url=f"{endpoint}/bot",
            base_file_url=f"{endpoint}/file/bot",
            request=request,
            get_updates_request=polling,
        )
        self._sending, self._polling = request, polling

    async def call(self, method: str, **parameters: object) -> object:
        """The `result` of a method, named as in the Bot API; parameters that are None are left out.

        Raises `TelegramError`.
        """
        if "media" in parameters or any(isinstance(value, InputFile) for value in parameters.values()):
            result: object = await self._post(method, parameters)
            return result
        request = self._polling if method == "getUpdates" else self._sending
        told = {name: value for name, value in parameters.items() if value is not None}
        return await request.call(f"{self._base_url}/{method}", told)
