"""Installs packages that bring connectors, as an installer leaves them: a module and its metadata in a folder."""

import shutil
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from bach_lib.connectors.entry_points import GROUP

ROOT = Path(__file__).parents[1]
PIGEON = ROOT / "examples" / "bach-pigeon"
HANGS = "import bach_gate\nbach_gate.wait()\n"
"""The beginning of a module whose import ends when the gate is opened."""


def install(site: Path, package: str, entries: Mapping[str, str], source: str = "", group: str = GROUP) -> None:
    """What an installer leaves of a package, whose only module has its name."""
    module = package.replace("-", "_")
    sys.modules.pop(module, None)
    (site / f"{module}.py").write_text(source, "utf-8")
    about = site / f"{module}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", "utf-8")
    lines = "".join(f"{name} = {value}\n" for name, value in entries.items())
    (about / "entry_points.txt").write_text(f"[{group}]\n{lines}", "utf-8")


def uninstall(site: Path, package: str) -> None:
    """Take it away again, but for what of it has been imported."""
    shutil.rmtree(site / f"{package.replace('-', '_')}-1.0.dist-info")


def install_pigeon(site: Path) -> None:
    """The example, as its project file says."""
    told = tomllib.loads((PIGEON / "pyproject.toml").read_text("utf-8"))
    kept = sys.modules.get("bach_pigeon")
    install(site, told["project"]["name"], told["project"]["entry-points"][GROUP])
    if kept is not None:
        sys.modules["bach_pigeon"] = kept
    (site / "bach_pigeon.py").unlink()
    shutil.copytree(PIGEON / "src" / "bach_pigeon", site / "bach_pigeon", dirs_exist_ok=True)


@contextmanager
def closed_gate() -> Iterator[threading.Event]:
    """What such an import waits for; it is opened at the end, so that no thread stays."""
    opened = threading.Event()
    module = sys.modules["bach_gate"] = ModuleType("bach_gate")
    module.__dict__["wait"] = opened.wait
    try:
        yield opened
    finally:
        opened.set()
        for thread in threading.enumerate():
            if thread.name.startswith("bach-import"):
                thread.join(30)
        del sys.modules["bach_gate"]
