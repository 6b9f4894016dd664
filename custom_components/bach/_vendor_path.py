"""Puts the vendored copy of `bach_lib` first on `sys.path`, and refuses to run with any other copy.

HACS installs this folder alone, so the release zip carries the library in `_vendor/`, the very copy that this
integration was tested with. In a checkout there is no such folder, and the library is found beside
`custom_components/`. Python knows one `bach_lib` in a process: where something else has imported another one before (a
wheel in Home Assistant's environment, the copy of another integration), half of each would run. That is refused with a
sentence, before anything of it is used.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

_HERE = Path(__file__).parent
_VENDOR = _HERE / "_vendor"


def _ours() -> Path | None:
    """Return the folder the library has to come from; None accepts an installed copy of the same version."""
    if _VENDOR.is_dir():
        return _VENDOR / "bach_lib"
    beside = _HERE.parents[1] / "bach_lib"
    return beside if beside.is_dir() else None


def _use_ours() -> None:
    if _VENDOR.is_dir() and sys.path[0] != str(_VENDOR):
        sys.path[:] = [str(_VENDOR), *(path for path in sys.path if path != str(_VENDOR))]
    library, wanted = import_module("bach_lib"), _ours()
    origin = Path(library.__file__).parent if library.__file__ else None
    version = json.loads((_HERE / "manifest.json").read_text("utf-8"))["version"]
    found = getattr(library, "__version__", "unknown")
    if found == version and (wanted is None or (origin and origin.resolve() == wanted.resolve())):
        return
    raise ImportError(
        f"BACH {version} works with the bach_lib {version} that it brings along and with no other. In this Home"
        f" Assistant another one is in use: version {found}, in {origin or 'a place that it does not tell'}. Remove it"
        " (`pip uninstall bach-lib`, or the integration that brings it) and restart Home Assistant.",
        name="bach_lib",
        path=str(origin) if origin else None,
    )


_use_ours()
