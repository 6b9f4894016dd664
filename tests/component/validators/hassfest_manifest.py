"""What Home Assistant's validator asks of `manifest.json`, in our words.

Not stated: keys for what announces itself over Bluetooth, DHCP, HomeKit, LoRaWAN, MQTT, SSDP or USB. There are none,
and whoever adds one states its rule here. `quality_scale` of an integration from outside is not looked at.
"""

import importlib.util
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import voluptuous as vol
from awesomeversion import AwesomeVersion, AwesomeVersionStrategy

from tests.component.validators.package import HERE, MANIFEST, Package, refused

_GROWS = {"assumed_state", "calculated", "cloud_polling", "cloud_push", "local_polling", "local_push"}
_KINDS = {"device", "entity", "hardware", "helper", "hub", "service", "system"}
_VERSIONS = (
    AwesomeVersionStrategy.BUILDVER,
    AwesomeVersionStrategy.CALVER,
    AwesomeVersionStrategy.PEP440,
    AwesomeVersionStrategy.SEMVER,
    AwesomeVersionStrategy.SIMPLEVER,
)
_SMALL = vol.All(str, vol.Match(r"^[^A-Z]*$", msg="small letters only"))
_SERVICE = vol.Schema({vol.Required("type"): str, "name": _SMALL, "properties": {str: _SMALL}})


def _address(value: str) -> str:
    parts = urlsplit(value)
    if not (parts.scheme and parts.hostname):
        raise vol.Invalid("no address")
    return value


def _own_page(value: str) -> str:
    if not value.startswith("https://") or value.startswith("https://www.home-assistant.io/integrations"):
        raise vol.Invalid("no https page of our own")
    return value


def _version(value: str) -> str:
    if AwesomeVersion(value).strategy not in _VERSIONS:
        raise vol.Invalid("no version that can be compared")
    return value


_KEYS = vol.Schema(
    {
        vol.Required("domain"): str,
        vol.Required("name"): str,
        vol.Required("codeowners"): [vol.All(str, vol.Match(r"^@", msg="no name on GitHub"))],
        vol.Required("documentation"): vol.All(str, _address, _own_page),
        vol.Required("iot_class"): vol.In(_GROWS),
        vol.Required("version"): vol.All(str, _version),
        "integration_type": vol.In(_KINDS),
        "issue_tracker": vol.All(str, _address),
        "after_dependencies": [str],
        "dependencies": [str],
        "loggers": [str],
        "requirements": [str],
        **dict.fromkeys(("config_flow", "import_executor", "single_config_entry"), bool),
        "disabled": str,
        "zeroconf": [vol.Any(str, _SERVICE)],
    }
)
_REQUIREMENT = re.compile(r"(?:--\S+ )?[-_,.\w\[\]]+(?:===|==|>=|<=|~=|!=|<|>)?.*")


def keys(package: Package) -> Iterator[str]:
    """Keys and values are those that are known.

    Source: script/hassfest/manifest.py and codeowners.py of home-assistant/core, autumn 2026.
    """
    yield from refused(_KEYS, package.data(MANIFEST))


def order(package: Package) -> Iterator[str]:
    """The domain, the name, and then all others by the alphabet.

    Source: script/hassfest/manifest.py of home-assistant/core, autumn 2026.
    """
    found = [*package.data(MANIFEST)]
    wanted = sorted(found, key=lambda key: ({"domain": 0, "name": 1}.get(key, 2), key))
    yield from (
        f"{is_} stands where {should} should" for is_, should in zip(found, wanted, strict=True) if is_ != should
    )


def domain(package: Package) -> Iterator[str]:
    """The domain is the folder's name, and no integration's of Home Assistant itself.

    Source: script/hassfest/manifest.py of home-assistant/core, autumn 2026.
    """
    found = str(package.data(MANIFEST).get("domain"))
    if found != HERE.rpartition("/")[2]:
        yield f"{found} is not the folder's name"
    if _is_there(found):
        yield f"Home Assistant has an integration {found} itself"


def dependencies(package: Package) -> Iterator[str]:
    """What it waits for exists, and is named once. A circle cannot be: nothing of Home Assistant's waits for it.

    Source: script/hassfest/dependencies.py of home-assistant/core, early 2026.
    """
    manifest = package.data(MANIFEST)
    needed, after = manifest.get("dependencies", []), manifest.get("after_dependencies", [])
    yield from (f"{one} is needed, and waited for if it is there" for one in sorted({*needed} & {*after}))
    yield from (f"there is no {one}" for one in sorted({*needed, *after}) if not _is_there(one))


def requirements(package: Package) -> Iterator[str]:
    """A requirement is written as pip takes it, without a blank.

    Source: script/hassfest/requirements.py of home-assistant/core, early 2026.
    """
    for one in package.data(MANIFEST).get("requirements", []):
        if " " in one or not _REQUIREMENT.fullmatch(one):
            yield f"{one} is no requirement"


def _is_there(integration: str) -> bool:
    return importlib.util.find_spec(f"homeassistant.components.{integration}") is not None


RULES = (keys, order, domain, dependencies, requirements)
