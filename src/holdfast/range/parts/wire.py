"""Line protocols between the parts: JSON lines (database, broker) and RESP (cache)."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from .names import Resolver
from .troubles import CallError

LIMIT = 1 << 20
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def dial(
    resolver: Resolver, host: str, **options: Any
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to `host` by name; a refused or reset attempt is a `CallError`."""
    port = await resolver.port_of(host)
    try:
        return await asyncio.open_connection("127.0.0.1", port, limit=LIMIT, **options)
    except ConnectionRefusedError:
        raise CallError("refused", f"{host}:{port}") from None
    except ssl.SSLError:
        raise
    except OSError as error:
        raise CallError("reset", host, str(error)) from None


async def listen(handler: Handler, port: int = 0, **options: Any) -> asyncio.Server:
    """Listen on loopback; `port` 0 takes a free one."""
    return await asyncio.start_server(_guarded(handler), "127.0.0.1", port, limit=LIMIT, **options)


def _guarded(handler: Handler) -> Handler:
    """A handler whose peer may vanish or talk nonsense without hurting the process."""

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    return guarded


class Lines:
    """A client connection that asks one JSON line and reads one back."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.host = host
        self.reader = reader
        self.writer = writer

    def usable(self) -> bool:
        return not (self.writer.is_closing() or self.reader.at_eof())

    def close(self) -> None:
        self.writer.close()

    async def ask(self, message: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Send and wait at most `timeout` seconds for the answer."""
        try:
            self.writer.write(json.dumps(message).encode() + b"\n")
            line = await asyncio.wait_for(self.reader.readline(), timeout)
        except TimeoutError:
            raise CallError("timeout", self.host, f"{timeout * 1000:.0f}ms", 504) from None
        except OSError:
            line = b""
        if not line:
            raise CallError("reset", self.host)
        answer: dict[str, Any] = json.loads(line)
        return answer


class Resp:
    """A client connection to the cache, speaking RESP2 with bulk strings only."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.host = host
        self.reader = reader
        self.writer = writer

    def usable(self) -> bool:
        return not (self.writer.is_closing() or self.reader.at_eof())

    def close(self) -> None:
        self.writer.close()

    async def ask(self, words: list[str], timeout: float) -> str | None:
        """Send a command; returns the reply, None for a null bulk string."""
        try:
            self.writer.write(encode_command(words))
            return await asyncio.wait_for(self._reply(), timeout)
        except TimeoutError:
            raise CallError("timeout", self.host, f"{timeout * 1000:.0f}ms", 504) from None
        except (OSError, EOFError):
            raise CallError("reset", self.host) from None

    async def _reply(self) -> str | None:
        line = (await self.reader.readuntil(b"\r\n")).decode().strip()
        if line[0] == "-":
            raise CallError("sql", self.host, line[1:])
        if line[0] != "$":
            return line[1:]
        if line == "$-1":
            return None
        return (await self.reader.readexactly(int(line[1:]) + 2))[:-2].decode()


def encode_command(words: list[str]) -> bytes:
    """A RESP array of bulk strings."""
    parts = [f"*{len(words)}\r\n".encode()]
    for word in map(str.encode, words):
        parts += [f"${len(word)}\r\n".encode(), word, b"\r\n"]
    return b"".join(parts)


async def read_command(reader: asyncio.StreamReader) -> list[str]:
    """One RESP array from a client; raises EOFError at the end of the stream."""
    head = await reader.readuntil(b"\r\n")
    words = []
    for _ in range(int(head[1:])):
        size = int((await reader.readuntil(b"\r\n"))[1:])
        words.append((await reader.readexactly(size + 2))[:-2].decode())
    return words
