"""The address at which Prometheus, or whoever reads its formats, collects metrics."""

import asyncio

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.rest.requests import query_fields

METRICS = "/metrics"


class Scraping:
    """Handler for the metrics of one BACH."""

    def __init__(self, bach: Bach) -> None:
        self._bach = bach
        self._turn = asyncio.Lock()

    async def metrics(self, request: web.Request) -> web.Response:
        """How everything stands, in the format that is asked for."""
        query_fields(request)
        async with self._turn:  # of many connections it is some work; who asks often keeps only itself waiting
            found = await self._bach.metrics(request.headers.get("Accept", ""))
        return web.Response(body=found.content, headers={"Content-Type": found.content_type})
