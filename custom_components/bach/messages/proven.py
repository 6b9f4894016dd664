"""Fires an event for each proof that a platform tells of a sent message, so that it stands in the Activity.

What follows from an answer is not told here: the answer is a message that came in, and stands there itself.
"""

from homeassistant.core import Context, HomeAssistant, callback

from bach_lib import Bach, ProofKind
from bach_lib.events import MessageProven
from custom_components.bach.const import EVENT_PROVEN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name
from custom_components.bach.home.origin import context_id

from .outgoing_payload import proof_payload
from .undelivered import limited, shown_payload


@callback
def async_tell_of_proofs(hass: HomeAssistant, entry: BachConfigEntry, bach: Bach) -> None:
    """Fire an event for each message that somebody got, or has seen, until the entry is unloaded."""
    connection, may_tell = connection_name(entry), limited()

    @callback
    def proven(event: MessageProven) -> None:
        if event.connection != connection or _is_of_answer(event) or not may_tell():
            return
        data = shown_payload(hass, entry, event.message) | proof_payload(event.proof)
        hass.bus.async_fire(EVENT_PROVEN, data, context=Context(parent_id=context_id(event.message)))

    entry.async_on_unload(bach.subscribe(MessageProven, proven))


def _is_of_answer(event: MessageProven) -> bool:
    """Whether it is one, or follows from one: that is known of the same person since the same moment."""
    answers = [one for one in event.message.proven if one.kind is ProofKind.ANSWERED]
    proof = event.proof
    return any((one.person, one.latest_at) == (proof.person, proof.latest_at) for one in answers)
