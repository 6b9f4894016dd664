"""A connector behind the border that stands before all of them, for tests that make its parts themselves."""

from bach_lib.connectors.base import Setup
from bach_lib.connectors.checked import Checked, checked_class
from bach_lib.testing.connector import FakeConnector


def bordered(connector: FakeConnector, *secrets: str) -> Checked:
    """The same connector, whose methods may still be replaced by others, as BACH has it."""
    setup = connector.setup
    told = {str(number): secret for number, secret in enumerate(secrets)}
    made = checked_class("fake", type(connector))(
        Setup(
            connection=setup.connection,
            secrets=told,
            session=setup.session,
            new_session=setup.new_session,
            clock=setup.clock,
        )
    )
    made._connector = connector
    return made
