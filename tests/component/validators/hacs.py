"""What HACS asks of a repository, in our words.

Not here, since only GitHub can tell: that the repository is not archived, has a description, topics and issues, and
that GitHub recognises its licence (`archived`, `description`, `topics`, `issues`, `license`). CONTRIBUTING names what
has to be set once. Not asked of integrations: pictures in the README (`images`).
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import voluptuous as vol
from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.const import __version__ as tested

from tests.component.validators.package import HACS, HERE, MANIFEST, Package, refused

_PICTURE = b"\x89PNG\r\n\x1a\n"


def _address(value: str) -> str:
    if urlsplit(value).scheme not in {"http", "https"}:
        raise vol.Invalid("no address")
    return value


def _home(value: str) -> str:
    if AwesomeVersion(value).strategy is AwesomeVersionStrategy.UNKNOWN or AwesomeVersion(value) > AwesomeVersion(
        tested
    ):
        raise vol.Invalid("no version of Home Assistant that there is")
    return value


def _named_zip(value: dict[str, object]) -> dict[str, object]:
    if value.get("zip_release") and not value.get("filename"):
        raise vol.Invalid("a zip without a name")
    return value


_OF_HACS = vol.All(
    vol.Schema(
        {
            vol.Required("name"): str,
            **dict.fromkeys(("content_in_root", "hide_default_branch", "render_readme", "zip_release"), bool),
            **dict.fromkeys(("filename", "hacs", "persistent_directory"), str),
            "country": vol.Any([vol.Match(r"^[A-Z]{2}$")], vol.Match(r"^[A-Z]{2}$")),
            "homeassistant": vol.All(str, _home),
        }
    ),
    _named_zip,
)
_OF_MANIFEST = vol.Schema(
    {
        vol.Required("codeowners"): list,
        vol.Required("documentation"): vol.All(str, _address),
        vol.Required("domain"): str,
        vol.Required("issue_tracker"): vol.All(str, _address),
        vol.Required("name"): str,
        vol.Required("version"): str,
    },
    extra=vol.ALLOW_EXTRA,
)


def of_hacs(package: Package) -> Iterator[str]:
    """`hacs.json` has keys that are known, and names the zip that a release carries.

    Source: custom_components/hacs/validate/hacsjson.py and utils/validate.py of hacs/integration, 7 August 2026.
    """
    yield from refused(_OF_HACS, package.data(HACS))


def of_manifest(package: Package) -> Iterator[str]:
    """The manifest has the six keys that HACS reads.

    Source: custom_components/hacs/validate/integration_manifest.py of hacs/integration, 7 August 2026.
    """
    yield from refused(_OF_MANIFEST, package.data(MANIFEST))


def place(package: Package) -> Iterator[str]:
    """There is one integration, where HACS looks for it: it takes the first folder that it finds.

    Source: custom_components/hacs/repositories/integration.py of hacs/integration, 7 August 2026.
    """
    folders = {path.split("/")[1] for path in package.files if path.startswith("custom_components/")}
    if folders != {HERE.rpartition("/")[2]}:
        yield f"custom_components holds {sorted(folders)}"


def information(package: Package) -> Iterator[str]:
    """There is a page that HACS shows.

    Source: custom_components/hacs/validate/information.py of hacs/integration, 7 August 2026.
    """
    if not {"readme", "readme.md", "info", "info.md"} & {path.lower() for path in package.files}:
        yield "there is no README"


def brand(package: Package) -> Iterator[str]:
    """There is an icon. HACS looks for its name only; a file that is no picture would be a hole in its list.

    Source: custom_components/hacs/validate/brands.py of hacs/integration, 7 August 2026.
    """
    if not package.files.get(f"{HERE}/brand/icon.png", b"").startswith(_PICTURE):
        yield "there is no picture at brand/icon.png"


RULES = (of_hacs, of_manifest, place, information, brand)
