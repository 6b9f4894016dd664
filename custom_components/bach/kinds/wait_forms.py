"""The fields of the options of a connection that say when what is sent has to wait: each is a list made by clicking."""

from collections.abc import Mapping
from typing import Any

from homeassistant.helpers.selector import ObjectSelector

from custom_components.bach.const import CONF_GATHERING, CONF_HOLIDAYS, CONF_QUIET_HOURS

from .gathering_forms import gathering_selector
from .quiet_forms import HOLIDAY_LIST, quiet_selector


def wait_selectors(
    people: Mapping[str, str], data: Mapping[str, Any], texts: Mapping[str, str]
) -> dict[str, ObjectSelector]:
    """The fields by their names; `people`: titles of recipients by address; `texts`: of the home's language."""
    return {
        CONF_QUIET_HOURS: quiet_selector(people, data.get(CONF_QUIET_HOURS), texts),
        CONF_HOLIDAYS: HOLIDAY_LIST,
        CONF_GATHERING: gathering_selector(people, data.get(CONF_GATHERING), texts),
    }
