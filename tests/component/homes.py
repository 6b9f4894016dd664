"""Another home on loopback, for the tests of the connection to one."""

from collections.abc import Iterable

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.testing.homeassistant import HomeAssistantServer
from bach_lib.testing.homeassistant.server import USER_ID
from tests.component.conftest import recipient

TOKEN = "the-long-lived-token-of-a-summer-house"
CONNECTION = f"homeassistant_{USER_ID}"
LETTER = {"v": 1, "id": "0123456789ab-1", "text": "Supper is ready", "sent_at": 1_800_000_000.0}


def letters(**data: str) -> ConfigSubentryData:
    """The BACH there, as a flow would have stored it. `user_id`: as whom that home logs in here."""
    return recipient("BACH in Summer house", "bach", **data)


def add_home(
    hass: HomeAssistant,
    server: HomeAssistantServer,
    recipients: Iterable[ConfigSubentryData] = (),
    *,
    user_there: str = USER_ID,
) -> MockConfigEntry:
    """Add an entry as the dialog would have made it; every user there has a token of their own."""
    token = TOKEN if user_there == USER_ID else f"the-long-lived-token-of-{user_there}"
    entry = MockConfigEntry(
        domain="bach",
        title="Summer house",
        unique_id=user_there,
        data={"type": "homeassistant", "endpoint": server.url, "token": token, "link": None},
        subentries_data=list(recipients),
    )
    entry.add_to_hass(hass)
    return entry
