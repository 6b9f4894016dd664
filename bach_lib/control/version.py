"""The installed version of BACH."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def version() -> str:
    """The version that is installed; a checkout has none."""
    try:
        return installed("bach-lib")
    except PackageNotFoundError:
        return "development"
