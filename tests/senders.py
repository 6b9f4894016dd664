"""Programs that nobody of this project wrote, run as they are: what posts to BACH's webhooks."""

import asyncio
import json
import os
import shutil
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

_FETCHED = Path(__file__).parents[1] / ".tools/senders/prometheus-alertmanager"


def need(program: str | Path) -> str:
    """A program, or the reason why nothing was tried."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"NOT TRIED: there is no {Path(program).name} here; script/setup --senders fetches what can be had")
    return found


async def run(*command: str | Path, **environment: str) -> str:
    """What a real program says."""
    child = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=PIPE, stderr=STDOUT, env={**os.environ, **environment}
    )
    try:
        async with asyncio.timeout(60):
            said, _ = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
    return said.decode()


@asynccontextmanager
async def alertmanager(url: str, token: str, folder: Path, port: int) -> AsyncIterator[str]:
    """A real Alertmanager that posts there, by the settings of docs/webhook.md; where it takes alerts."""
    program = shutil.which("prometheus-alertmanager") or need(_FETCHED)
    credentials = {"authorization": {"credentials": token}}
    receiver = {"name": "prometheus", "webhook_configs": [{"url": url, "http_config": credentials}]}
    route = {"receiver": "prometheus", "group_by": ["alertname"], "group_wait": "0s", "group_interval": "1s"}
    configuration = folder / "alertmanager.yml"
    configuration.write_text(json.dumps({"route": route, "receivers": [receiver]}), "utf-8")
    child = await asyncio.create_subprocess_exec(
        program,
        f"--config.file={configuration}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        stdout=PIPE,
        stderr=STDOUT,
    )
    assert child.stdout is not None
    async with asyncio.timeout(60):
        while b"Listening" not in (line := await child.stdout.readline()):
            assert line, "it ended"
    try:
        yield f"http://127.0.0.1:{port}/api/v2/alerts"
    finally:
        child.terminate()
        await child.communicate()


def disk_full(instance: str, since: datetime, until: datetime | None = None) -> dict[str, object]:
    """What Prometheus tells Alertmanager."""
    told: dict[str, object] = {
        "labels": {"alertname": "DiskFull", "instance": instance},
        "annotations": {"summary": f"disk of {instance} is full"},
        "startsAt": since.isoformat(),
    }
    return told | ({"endsAt": until.isoformat()} if until else {})
