"""python-telegram-bot's `Bot`, kept from knowing and telling what it need not.

- It gets a placeholder instead of the token; our request class puts the token into the address. Whatever the library
  logs, shows in a repr or quotes in an error, now or in a later version, the token is not in it.
- At debug level it logs every message and update in full; here it logs nothing.
- Answers stay plain JSON. A field of a newer Bot API that the library's classes cannot read would make a message that
  *was* sent look failed, and an update unreadable for ever. It also saves the time to build the objects.
"""

import logging

from telegram import Bot
from telegram.request import BaseRequest

TOKEN_PLACEHOLDER = "the-token-goes-here"  # noqa: S105  # the opposite of a password


class RawBot(Bot):
    """Calls methods of the Bot API on `endpoint` (scheme, host and perhaps a path, without a slash at the end)."""

    # The class attribute is how the library's own subclass takes another logger. This one stands outside of the
    # hierarchy, so that no configuration reaches it.
    _LOGGER = logging.Logger("telegram.Bot", level=logging.CRITICAL + 1)  # noqa: LOG001

    def __init__(self, endpoint: str, *, request: BaseRequest, polling: BaseRequest) -> None:
        super().__init__(
            token=TOKEN_PLACEHOLDER,
            base_url=f"{endpoint}/bot",
            base_file_url=f"{endpoint}/file/bot",
            request=request,
            get_updates_request=polling,
        )

    async def call(self, method: str, **parameters: object) -> object:
        """The `result` of a method, named as in the Bot API; parameters that are None are left out.

        Raises `TelegramError`.
        """
        result: object = await self._post(method, parameters)
        return result
