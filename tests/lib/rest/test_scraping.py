"""The address at which Prometheus collects: who may, and in which format the answer comes."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from bach_lib import Bach, MissingExtraError
from bach_lib.bach import metrics_calls
from bach_lib.rest import make_application
from tests.lib.rest.conftest import TOKEN
from tests.lib.test_metrics import parsed_openmetrics

OPENMETRICS = "application/openmetrics-text;version=1.0.0"


@pytest.fixture(params=[False, True], ids=["token", "for all"])
async def server(request: pytest.FixtureRequest, bach: Bach) -> AsyncIterator[TestServer]:
    """The interface as it is by itself, and with metrics for all."""
    server = TestServer(make_application(bach, token=TOKEN, metrics_for_all=request.param))
    server.for_all = request.param  # type: ignore[attr-defined] # for the tests here
    await server.start_server()
    yield server
    await server.close()


async def test_who_may_collect(server: TestServer) -> None:
    """Everybody on the machine could see what is connected, or a collector without secrets nothing at all."""
    for_all = server.for_all  # type: ignore[attr-defined] # as above
    async with ClientSession() as session:
        async with session.get(server.make_url("/metrics"), headers={"Accept": OPENMETRICS}) as answer:
            assert answer.status == (200 if for_all else 401)
        async with session.get(server.make_url("/api/v1/messages/queue")) as answer:
            assert answer.status == 401, "only this address is for all"
        headers = {"Accept": OPENMETRICS, "Authorization": f"Bearer {TOKEN}"}
        async with session.get(server.make_url("/metrics"), headers=headers) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
            assert answer.headers["Cache-Control"] == "no-store"
            assert parsed_openmetrics(await answer.text())
        async with session.get(server.make_url("/metrics"), headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
            assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_without_the_extra_it_says_so(bach: Bach, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets a collector up would look for the mistake in the network."""

    def missing() -> None:
        raise MissingExtraError(what="metrics()", package="prometheus-client", extra="metrics")

    monkeypatch.setattr(metrics_calls, "_families", missing)
    async with TestServer(make_application(bach, token=TOKEN)) as server, ClientSession() as session:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with session.get(server.make_url("/metrics"), headers=headers) as answer:
            assert answer.status == 501
            assert await answer.json() == {
                "code": "missing_extra",
                "detail": "metrics() needs the package prometheus-client. Install bach-lib[metrics].",
            }
