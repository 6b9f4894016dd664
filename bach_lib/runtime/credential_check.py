"""Checks credentials with the platform before anything is registered or written."""

from collections.abc import Mapping

from aiohttp import ClientSession

from bach_lib.clock import Clock, SystemClock
from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Connector, Setup
from bach_lib.connectors.endpoint import check_endpoint
from bach_lib.connectors.network_way import Network, NewSession, check_way, opened_network, plain_session
from bach_lib.connectors.proxy import of_proxy, without_proxys
from bach_lib.errors import ConnectorFailedError
from bach_lib.models import Category, Connection, Fault, Identity, Report
from bach_lib.models.chat import ChatMessage, Role
from bach_lib.models.health import INTERNAL
from bach_lib.partners.partner_class import partner_class
from bach_lib.registry.own_policy import check_own_policy
from bach_lib.registry.pasted import LIFTED
from bach_lib.registry.secrets import Lookup, Secrets, can_be_shown
from bach_lib.registry.sender_tag import check_tag
from bach_lib.registry.waiting_rules import check_waiting_rules
from bach_lib.said import Sentence

_HELLO = ChatMessage(role=Role.USER, text="Answer with one word: ready.")


async def check_connection(
    connection: Connection,
    *,
    session: ClientSession,
    new_session: NewSession = plain_session,
    secrets: Mapping[str, Lookup] | None = None,
    clock: Clock | None = None,
    connectors: Mapping[str, type[Connector]] | None = None,
) -> Identity | Fault:
    """Who we are on the platform (a `Report` for what is none), or why it does not work.

    An AI partner with a `model` in its settings is also asked for a few words: a name that is not offered, or a model
    that cannot talk, would be noticed only when somebody waits for an answer. Raises an `InputError` for settings that
    cannot be right.
    """
    check_way(connection.settings, connection.auth_config)
    known = Secrets(secrets)
    of_way = await known.resolve(of_proxy(connection.auth_config), connection.type)
    network = await opened_network(connection.settings, of_way, session, new_session)
    try:
        if connection.category is not Category.CONNECTOR:
            return await _check_partner(connection, network.session, known, clock or SystemClock())
        return await _check_connector(connection, network, known, clock or SystemClock(), connectors)
    finally:
        await network.close()


async def _check_connector(
    connection: Connection,
    network: Network,
    secrets: Secrets,
    clock: Clock,
    connectors: Mapping[str, type[Connector]] | None,
) -> Identity | Fault:
    if connection.endpoint is not None:
        check_endpoint(connection.endpoint)
    check_tag(connection.settings)
    check_own_policy(connection.settings)
    check_waiting_rules(connection.settings)
    connector_type = await Connectors(connectors).load(connection.type)
    resolved = await secrets.resolve(connection.auth_config, connection.type)
    if any(field in LIFTED and not can_be_shown(secret) for field, secret in resolved.items()):
        return Fault(
            code="auth_failed",
            text=Sentence(
                "this_token_is_too_long_or_has_characters",
                "This token is too long, or has characters that no token has.",
            ),
        )
    setup = Setup(
        connection=connection,
        secrets=without_proxys(resolved),
        session=network.session,
        new_session=network.new_session,
        clock=clock,
    )
    try:
        connector = connector_type(setup)
    except ConnectorFailedError as error:
        return Fault(code=INTERNAL, text=error.sentence)
    try:
        return await connector.check()
    finally:
        await connector.close()


async def _check_partner(
    connection: Connection, session: ClientSession, secrets: Secrets, clock: Clock
) -> Report | Fault:
    await secrets.resolve(connection.auth_config, connection.type)
    partner = (await partner_class())(connection, session=session, secrets=secrets, clock=clock)
    try:
        report = await partner.check()
        if isinstance(report, Fault) or not connection.settings.get("model"):
            return report
        reply = await partner.chat(partner.question([_HELLO], {}))
        return reply if isinstance(reply, Fault) else report
    finally:
        await partner.close()
