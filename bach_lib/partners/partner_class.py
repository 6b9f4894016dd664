"""Loads what speaks to AI partners, MCP servers and other APIs when the first of them needs it.

Most homes have none, and the protocols of all of them are as much as a platform's connector.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bach_lib.threads import in_thread

if TYPE_CHECKING:
    from bach_lib.partners.partner import Partner


async def partner_class() -> type[Partner]:
    """`Partner`, imported in a thread because that takes its time."""
    return _load() if "bach_lib.partners.partner" in sys.modules else await in_thread(_load)


def _load() -> type[Partner]:
    from bach_lib.partners.partner import Partner  # noqa: PLC0415 - this is what it is for

    return Partner
