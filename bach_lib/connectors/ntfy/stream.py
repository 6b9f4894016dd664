"""Line reader of one subscription: an answer that does not end, each line within bounds."""

from collections.abc import AsyncGenerator

from aiohttp import ClientError, ClientResponse

MAX_LINE = 1 << 18
"""Bytes. A message has 4 KiB; actions and addresses come with it."""


async def lines_of(response: ClientResponse) -> AsyncGenerator[bytes]:
    """The lines, until the stream ends or breaks. Of one that is too long comes the beginning, which cannot be read."""
    left, is_over = bytearray(), False
    try:
        async for chunk in response.content.iter_any():
            *whole, rest = chunk.split(b"\n")
            for part in whole:
                line, was_over = bytes(left) + part, is_over
                left, is_over = bytearray(), False
                if not was_over and line.strip():
                    yield line[: MAX_LINE + 1]
            if not is_over:
                left += rest
            if len(left) > MAX_LINE:
                yield bytes(left[: MAX_LINE + 1])
                left, is_over = bytearray(), True
    except (ClientError, OSError, ValueError, RuntimeError):
        return
    finally:
        response.close()
