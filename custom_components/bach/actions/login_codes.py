"""Recognises the login codes that Home Assistant sends through a `notify.` action, by the text that is set for them.

Such a code opens the house to whoever reads it, so nobody but its recipient is to: it is confidential. It is asked for
by somebody who waits for it, goes before what is less urgent, and is worth nothing after the few minutes of a login.
"""

import re
from typing import Final

from homeassistant.auth.const import MFA_SESSION_EXPIRATION
from homeassistant.auth.mfa_modules.notify import CONF_MESSAGE, NotifyAuthModule
from homeassistant.core import HomeAssistant, callback

from .send_message import ATTR_CONFIDENTIAL, ATTR_PRIORITY, ATTR_TIME_TO_LIVE

_DIGITS: Final = r"\d{6}"
"""What pyotp makes unless it is told otherwise, and Home Assistant does not."""
_PLACE: Final = "\N{OBJECT REPLACEMENT CHARACTER}"
_HIGH: Final = 5

OF_A_CODE: Final[dict[str, object]] = {
    ATTR_CONFIDENTIAL: True,
    ATTR_PRIORITY: _HIGH,
    ATTR_TIME_TO_LIVE: MFA_SESSION_EXPIRATION,
}
"""How a code is sent: fields of `bach.send_message`."""


@callback
def is_login_code(hass: HomeAssistant, message: str) -> bool:
    """Whether one of the home's login modules would write these words."""
    modules = (one for one in hass.auth.auth_mfa_modules if isinstance(one, NotifyAuthModule))
    return any(_is_of(str(module.config.get(CONF_MESSAGE, "")), message) for module in modules)


def _is_of(template: str, message: str) -> bool:
    try:
        written = template.format(_PLACE)
    except AttributeError, LookupError, TypeError, ValueError:  # with which no code can be sent
        return False
    return re.fullmatch(re.escape(written).replace(_PLACE, _DIGITS), message) is not None
