"""The built files of the web app: where they are, and the version that names them.

They are built by `script/setup` and not in the repository, so a checkout may be without them.
"""

import re
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"

NOT_BUILT: Final = "The web app of BACH was not built, so there is no panel: run script/setup in the checkout."
"""For the log of whoever runs a checkout; a release is never without."""


_LOADS: Final = re.compile(r'(?:\bfrom|\bimport)"\./(shared-[A-Z0-9]{8}\.js)"')


def loaded_with(script: str) -> list[str]:
    """The files that a built one loads at once: a browser that is told of them need not find them one after the other.

    Reads from disk; none, if it was not built.
    """
    try:
        return list(dict.fromkeys(_LOADS.findall((STATIC / script).read_text("utf-8"))))
    except FileNotFoundError:
        return []


def version() -> str | None:
    """The version that is built in, made of all its sources; None: it was not built. Reads from disk."""
    try:
        return (STATIC / "version.txt").read_text("ascii").strip()
    except FileNotFoundError:
        return None
