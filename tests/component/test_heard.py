"""What the page of roles says of a recipient is what is heard from there, and no more."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.bach.const import DOMAIN
from custom_components.bach.home.heard import heard_as
from tests.component.conftest import recipient
from tests.component.test_every_kind import KINDS


@pytest.mark.parametrize(
    ("kind", "address", "stored", "counts"),
    [
        ("telegram", "42", {"role": "admin"}, "admin"),
        ("telegram", "42", {}, "user"),
        ("telegram", "42", {"role": "notify_only"}, "notify_only"),
        ("ntfy", "our_doorbell", {"role": "user"}, "event"),  # whoever knows the topic publishes there
        ("ntfy", "our_doorbell", {"role": "notify_only"}, "notify_only"),
        ("webhook", "phone", {"role": "admin"}, "event"),  # whoever has the token posts under any name
        ("webhook", "phone", {"role": "admin", "own_secret": "s" * 32}, "admin"),
        ("homeassistant", "notify.kitchen", {}, "notify_only"),
        ("homeassistant", "bach", {"role": "admin"}, "admin"),
        ("homeassistant", "event:doorbell", {"role": "user"}, "user"),
        ("discord_webhook", "webhook", {}, "notify_only"),
    ],
)
def test_a_role_is_shown_as_it_counts(kind: str, address: str, stored: dict[str, str], counts: str) -> None:
    """Somebody would believe that a doorbell, or a speaker in another home, may command theirs."""
    entry = MockConfigEntry(
        domain=DOMAIN, data={"type": kind, **KINDS[kind][0]}, subentries_data=[recipient("R", address, **stored)]
    )
    [one] = entry.subentries.values()
    assert heard_as(entry, one) == counts
