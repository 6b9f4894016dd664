"""Lets `import bach_lib` find the copy that the release zip carries.

HACS installs this folder and nothing else, so the zip has the library in `_vendor/`. In a checkout there is no such
folder, and the library is found beside `custom_components/`. It goes to the front: this integration was tested with
that very copy.
"""

import sys
from pathlib import Path

_VENDOR = Path(__file__).parent / "_vendor"

if _VENDOR.is_dir() and str(_VENDOR) not in sys.path:
    sys.path.insert(0, str(_VENDOR))
