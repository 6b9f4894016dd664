"""No name service, as at boot before the internet is there."""

from socket import AddressFamily
from typing import override

from aiohttp.abc import AbstractResolver, ResolveResult


class NoNames(AbstractResolver):
    """A name service that knows nothing."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        raise OSError(-2, "Name or service not known")

    @override
    async def close(self) -> None:
        pass
