"""Just enough HTTP/1.1 (RFC 9112) for the range: keep-alive, Content-Length bodies, TLS."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from .names import Resolver
from .troubles import CallError
from .wire import dial

REASONS = {200: "OK", 201: "Created", 202: "Accepted", 401: "Unauthorized", 402: "Payment Required",
           404: "Not Found", 409: "Conflict", 422: "Unprocessable Content", 429: "Too Many Requests",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
           504: "Gateway Timeout", 507: "Insufficient Storage"}  # fmt: skip


@dataclass(frozen=True)
class Message:
    """A request (`target` is its path) or a response (`status`), with a JSON object as body."""

    method: str = "GET"
    target: str = "/"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)


async def read_message(reader: asyncio.StreamReader) -> Message:
    """One message from the stream; raises EOFError at its end and ValueError on nonsense."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.strip().split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in rest)}
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    body = json.loads(raw) if raw else {}
    one, two, _ = first.split(" ", 2)
    if one.startswith("HTTP/"):
        return Message(status=int(two), headers=headers, body=body)
    return Message(one, two, headers=headers, body=body)


def encode_message(first: str, headers: dict[str, str], body: dict[str, Any]) -> bytes:
    raw = json.dumps(body).encode()
    fields = {**headers, "content-type": "application/json", "content-length": str(len(raw))}
    head = "\r\n".join([first, *(f"{k}: {v}" for k, v in fields.items())])
    return head.encode("latin-1") + b"\r\n\r\n" + raw


async def serve(
    answer: Callable[[Message], Awaitable[Message]],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Answer the requests of one connection until its end."""
    while True:
        request = await read_message(reader)
        response = await answer(request)
        reason = REASONS.get(response.status, "Unknown")
        writer.write(encode_message(f"HTTP/1.1 {response.status} {reason}", response.headers, response.body))
        await writer.drain()


class HttpConnection:
    """A client connection."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.host = host
        self.reader = reader
        self.writer = writer

    def usable(self) -> bool:
        return not (self.writer.is_closing() or self.reader.at_eof())

    def close(self) -> None:
        self.writer.close()

    async def ask(self, request: Message, timeout: float) -> Message:
        """Send and wait at most `timeout` seconds for the response."""
        first = f"{request.method} {request.target} HTTP/1.1"
        try:
            self.writer.write(encode_message(first, {"host": self.host, **request.headers}, request.body))
            return await asyncio.wait_for(read_message(self.reader), timeout)
        except TimeoutError:
            raise CallError("timeout", self.host, f"{timeout * 1000:.0f}ms", 504) from None
        except (OSError, EOFError):
            raise CallError("reset", self.host, "", 502) from None


async def connect(resolver: Resolver, host: str, tls: ssl.SSLContext | None) -> HttpConnection:
    """Open a client connection by name; a failed handshake is a `CallError("tls")`."""
    options: dict[str, Any] = {"ssl": tls, "server_hostname": host} if tls else {}
    try:
        return HttpConnection(host, *await dial(resolver, host, **options))
    except ssl.SSLCertVerificationError as error:
        raise CallError("tls", host, error.verify_message) from None
