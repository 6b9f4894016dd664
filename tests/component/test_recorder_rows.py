"""What a message and an outage write into the recorder's database: a row where something is another."""

import logging
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.db_schema import States, StatesMeta
from homeassistant.components.recorder.util import session_scope
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from sqlalchemy import select

from bach_lib import Status
from bach_lib.testing.telegram_server import Bot, TelegramServer
from tests.component.conftest import ADA, ADA_ENTITY, entity_ids, press, send, state, the_bach, until, until_state

LAST_SENT, RECEIVING, SENDING = (
    "sensor.home_bot_last_sent",
    "binary_sensor.home_bot_receiving",
    "binary_sensor.home_bot_sending",
)
EVENT = "event.ada_incoming_message"
COUNTS = {
    "sensor.home_bot_oldest_waiting_message",
    "sensor.home_bot_sent_messages",
    "sensor.home_bot_waiting_messages",
}
"""These show that a message waits, where it does so for more than a second, as on a busy machine."""

type Rows = dict[str, list[tuple[str | None, int | None]]]


@pytest.fixture(autouse=True)
def our_integration(telegram: TelegramServer, recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """The recorder comes before Home Assistant and has to see all of it, and need not tell every statement."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


def _rows(hass: HomeAssistant) -> Rows:
    """State and attributes of each row, by entity."""
    wanted = (
        select(StatesMeta.entity_id, States.state, States.attributes_id)
        .join(States, States.metadata_id == StatesMeta.metadata_id)
        .order_by(States.state_id)
    )
    found: Rows = {}
    with session_scope(hass=hass, read_only=True) as session:
        for entity_id, state, attributes in session.execute(wanted):
            found.setdefault(entity_id, []).append((state, attributes))
    return found


async def written(hass: HomeAssistant, entry: MockConfigEntry) -> Counter[str]:
    """How many rows each of our entities has, when what was held back for a second is shown; none is for nothing."""
    for _ in range(3):
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=5))
        await hass.async_block_till_done()
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(_rows, hass)
    ours = {one: rows for one, rows in found.items() if one in entity_ids(hass, entry)}
    assert {one: rows for one, rows in ours.items() if any(first == second for first, second in pairwise(rows))} == {}
    return Counter({one: len(rows) for one, rows in ours.items()})


async def test_a_sent_message_is_one_row_of_its_recipient(
    hass: HomeAssistant, with_the_noisy_ones: None, loaded: MockConfigEntry
) -> None:
    """A home that sends much would fill its disk with what is the same as before."""
    before = await written(hass, loaded)
    for number in (1, 2, 3):
        await send(hass, ADA_ENTITY, "hello")
        assert (await the_bach(hass).wait(number, 60)).status is Status.SENT
        await hass.async_block_till_done()
        after = await written(hass, loaded)
        rows = after - before
        assert (rows[ADA_ENTITY], rows[LAST_SENT] <= 1) == (1, True)
        assert set(rows) <= {ADA_ENTITY, LAST_SENT, *COUNTS}
        before = after


async def test_a_message_that_came_in_is_one_row(
    hass: HomeAssistant, with_the_noisy_ones: None, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """Whoever chats with their home would fill its disk."""
    before = await written(hass, loaded)
    telegram.says("hello", bot=bot, chat_id=ADA)
    await until(hass, lambda: state(hass, EVENT) not in {None, "unknown"})
    assert await written(hass, loaded) - before == {EVENT: 1}


async def test_an_outage_is_a_row_when_it_begins_and_one_when_it_ends(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Each try that fails would be a row, for as long as the internet is away."""
    await telegram.pause()
    await send(hass, ADA_ENTITY, "hello")
    await until(hass, lambda: {_reason(hass, SENDING), _reason(hass, RECEIVING)} == {"refused"})
    down = await written(hass, loaded)
    for _ in range(3):
        with pytest.raises(HomeAssistantError, match="refused"):
            await press(hass, "button.home_bot_check_now")
    still = await written(hass, loaded)
    assert set(still - down) == {"button.home_bot_check_now"}, "which is when somebody pressed it"
    await telegram.resume()
    await until_state(hass, SENDING, "on")
    await until_state(hass, RECEIVING, "on")
    assert (await the_bach(hass).wait(1, 60)).status is Status.SENT
    rows = await written(hass, loaded) - still
    assert (rows[SENDING], rows[RECEIVING], rows[ADA_ENTITY]) == (1, 1, 1)


def _reason(hass: HomeAssistant, entity_id: str) -> object:
    found = hass.states.get(entity_id)
    assert found
    return found.attributes["reason"]
