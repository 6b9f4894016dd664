"""The built files of the web app: where they are, and the version that names them.

They are built by `script/setup` and not in the repository, so a checkout may be without them.
"""

from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"

NOT_BUILT: Final = "The web app of BACH was not built, so there is no panel: run script/setup in the checkout."
"""For the log of whoever runs a checkout; a release is never without."""


def version() -> str | None:
    """The version that is built in, made of all its sources; None: it was not built. Reads from disk."""
    try:
        return (STATIC / "version.txt").read_text("ascii").strip()
    except FileNotFoundError:
        return None
