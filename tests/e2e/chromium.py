"""How Chromium is found and started, by the tests and by `script/screenshots`."""

from demo.process import ROOT

CHROMIUM_PATH = ROOT / ".venv" / "chromium-path"
"""Written by `script/setup --browser`."""
CHROMIUM_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
