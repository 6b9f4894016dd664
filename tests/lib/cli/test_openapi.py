"""The OpenAPI document against the running daemon: schemathesis makes requests from it, good ones and bad ones."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bach_lib.rest.openapi import DOCUMENT
from tests.lib.cli.conftest import ADA, Run, Serve
from tests.lib.rest.probing import operations

EXCLUDED = "positive_data_acceptance"
"""What a platform takes as a text or a recipient no schema can say. Such a request is refused, with a sentence."""
ALL = len(list(operations()))


def document_for(connector: str, recipient: str) -> dict[str, object]:
    """The document, for a house with one connection and one person; else nearly every request would meet a 404.

    Without the parameter `wait`, which the document as it is has been tried with: each request for a message that
    cannot end, as its connection is at rest, would take up to half a minute.
    """
    document: dict[str, object] = json.loads(json.dumps(DOCUMENT))
    schemas = document["components"]["schemas"]  # type: ignore[index]
    for field, value in (("connector", connector), ("recipient", recipient)):
        schemas["Send"]["properties"][field] = {"type": "string", "enum": [value]}
    for path in document["paths"].values():  # type: ignore[attr-defined]
        for operation in path.values():
            if isinstance(operation, dict) and "parameters" in operation:
                operation["parameters"] = [one for one in operation["parameters"] if one.get("name") != "wait"]
    return document


@pytest.mark.slow
def test_what_the_document_says_is_what_is_answered(home: Run, serve: Serve, tmp_path: Path) -> None:
    """Programs written from the document would meet answers that are not in it, or errors inside."""
    home("connector", "disable", "home")
    local = tmp_path / "openapi.json"
    local.write_text(json.dumps(document_for("home", str(ADA))), "utf-8")
    with serve() as daemon:
        for document in (f"{daemon.url}/api/v1/openapi.json", str(local)):
            run = subprocess.run(
                [
                    str(Path(sys.executable).with_name("schemathesis")),
                    *("run", document, "--url", daemon.url, "--header", f"Authorization: Bearer {daemon.token}"),
                    *("--exclude-operation-id", "events"),  # has no end
                    *("--exclude-checks", EXCLUDED, "--max-examples", "40", "--no-color"),
                    *("--request-timeout", "60"),  # some answer only when a message has ended, after 30 s at most
                ],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
                timeout=240,
            )
            assert run.returncode == 0, run.stdout
            assert f"{ALL - 1} selected / {ALL} total" in run.stdout  # all but the stream of events
        assert daemon.end() == 0
        assert daemon.process.stderr
        assert "could not be answered" not in daemon.process.stderr.read()
    assert home("connector", "queue-status", "--json").rows()[0]["pending"], "some requests were good"
