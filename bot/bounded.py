"""Bodies of unknown length, read up to a bound."""

from aiohttp import StreamReader


class TooLong(ValueError):
    """More than the bound was sent; the rest is left unread."""


async def read_bounded(content: StreamReader, most: int) -> bytes:
    """All of it; TooLong once it exceeds `most` bytes, without waiting for more."""
    if content.is_eof() and content.total_bytes <= most:
        return content.read_nowait()
    body = bytearray()
    while not content.at_eof():
        body += await content.readany()
        if len(body) > most:
            raise TooLong
    return bytes(body)
