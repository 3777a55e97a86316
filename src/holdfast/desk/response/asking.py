"""The child process that asks over HTTP; it loads no Django. The order comes on standard input, as JSON.

Names are resolved here and the address asked is the one that was looked at, so that a name cannot point to
another one in between. Private and loopback addresses are refused unless the desk allows them.
"""

from __future__ import annotations

import ipaddress
import json
import math
import socket
import sys
import time
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from holdfast.desk.response.bounds import wanted

MOST, REDIRECTS = 256 * 1024, 3


class Unreachable(Exception):
    """Nothing can be said: where it points is not asked, or does not exist."""


def address_of(host: str, port: int, *, private: bool) -> str:
    """Return the address to ask; raise Unreachable for one that is not to be asked."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(f"{host} has no address: {error.strerror or error}") from error
    for *_, place in found:
        ip = ipaddress.ip_address(str(place[0]).partition("%")[0])
        mapped = getattr(ip, "ipv4_mapped", None) or ip
        if not private and not mapped.is_global:
            raise Unreachable(f"{host} is at {ip}, a private address; HOLDFAST_PROBE_PRIVATE allows those")
    return str(found[0][4][0])


def get(url: str, seconds: float, *, private: bool) -> tuple[int, bytes, float]:
    """Return status, the first 256 KiB and how many milliseconds it took; follows three redirects, each checked."""
    import httpx

    started = time.monotonic()
    with httpx.Client(timeout=seconds, trust_env=False, follow_redirects=False) as client:
        for _ in range(REDIRECTS + 1):
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise Unreachable(f"{url[:200]} is no address of the web")
            port = parts.port or (443 if parts.scheme == "https" else 80)
            ip = address_of(parts.hostname, port, private=private)
            there = httpx.URL(url).copy_with(host=ip)
            name = parts.netloc.rpartition("@")[2]
            asked = client.build_request(
                "GET", there, headers={"Host": name}, extensions={"sni_hostname": parts.hostname}
            )
            answer = client.send(asked, stream=True)
            try:
                if answer.is_redirect:
                    url = urljoin(url, answer.headers["Location"])
                    continue
                body = bytearray()
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) >= MOST:
                        break
                return answer.status_code, bytes(body[:MOST]), (time.monotonic() - started) * 1000
            finally:
                answer.close()
    raise Unreachable(f"more than {REDIRECTS} redirects")


def look(order: dict[str, Any]) -> dict[str, Any]:
    """Return what was seen: `outcome`, `text`, `value`, `unit`."""
    import httpx

    url = order["url"]
    if order["kind"] == "metric":
        url = f"{url.rstrip('/')}/api/v1/query?{urlencode({'query': order['query']})}"
    try:
        status, body, took = get(url, order["seconds"], private=order["private"])
    except Unreachable as nothing:
        return {"outcome": "inconclusive", "text": str(nothing)}
    except httpx.TimeoutException:
        return {"outcome": "inconclusive", "text": f"no answer within {order['seconds']} s"}
    except httpx.ConnectError as error:
        return {"outcome": "failed", "text": f"nobody answers: {error}"[:300]}
    except httpx.HTTPError as error:
        return {"outcome": "failed", "text": f"{type(error).__name__}: {error}"[:300]}
    return _number(order, status, body) if order["kind"] == "metric" else _page(order, status, body, took)


def _page(order: dict[str, Any], status: int, body: bytes, took: float) -> dict[str, Any]:
    seen = {"value": round(took, 1), "unit": "ms"}
    if status != order["status"]:
        return seen | {"outcome": "failed", "text": f"answered {status}, wanted {order['status']}"}
    if order["contains"] and order["contains"].encode() not in body:
        return seen | {"outcome": "failed", "text": f"answered {status} without “{order['contains'][:80]}”"}
    return seen | {"outcome": "passed", "text": f"answered {status} in {took:.0f} ms"}


def _number(order: dict[str, Any], status: int, body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
        found = said["data"]["result"]
        value = float(found[1] if said["data"]["resultType"] == "scalar" else found[0]["value"][1])
    except (ValueError, KeyError, IndexError, TypeError):
        return {"outcome": "inconclusive", "text": f"answered {status} with no number for the query"}
    missed = wanted(value, order["most"], order["least"])
    text = f"{value:g}{missed and f', wanted {missed}'}"
    if math.isnan(value):
        return {"outcome": "inconclusive", "text": "the query's answer is not a number"}
    return {"outcome": "failed" if missed else "passed", "text": text, "value": value}


def main() -> None:
    """Read the order, look, print what was seen."""
    print(json.dumps(look(json.load(sys.stdin))))


if __name__ == "__main__":
    main()
