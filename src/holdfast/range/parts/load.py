"""The load generator: customers who arrive by a Poisson process and follow journeys."""

import asyncio
import json
import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import http
from .pool import Pool
from .surroundings import Surroundings
from .troubles import CallError

AGENTS = ("Mozilla/5.0 (X11; Linux x86_64)", "ShopApp/5.2 (Android 15)", "ShopApp/5.2 (iOS 19.1)", "curl/8.9")


class Load:
    """Sends journeys to the entry component until told to stop; keeps a sample as HAR entries."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.declared = around.component
        self.entries: list[dict[str, Any]] = []
        self.odd: dict[str, Any] = {}
        self.phase = around.rng.uniform(0, 2 * math.pi)

    async def start(self, _: int) -> int:
        entry = self.declared["entry"]
        host = self.around.host_of(entry)
        around = self.around
        self.pool: Pool[http.HttpConnection] = Pool(
            entry, 64, lambda: http.connect(around.resolver, host, None), around.registry, patience=3.0
        )
        around.spawn(self.arrivals())
        return 0

    def reload(self) -> None:
        """The journeys are fixed."""

    async def arrivals(self) -> None:
        rng, began = self.around.rng, time.monotonic()
        names = list(self.declared["journeys"])
        weights = [self.declared["journeys"][name]["weight"] for name in names]
        while True:
            swing = 1 + 0.3 * math.sin((time.monotonic() - began) / 23 * 2 * math.pi + self.phase)
            await asyncio.sleep(rng.expovariate(self.declared["rate"] * swing))
            name = rng.choices(names, weights)[0]
            self.around.spawn(self.journey(name))

    async def journey(self, name: str) -> None:
        """One customer's requests, one after another; a server error ends the visit."""
        rng = self.around.rng
        data = {k: rng.randint(*v) for k, v in self.declared["data"].items()}
        data["order"] = data.get("order", 0) * 1000 + rng.randint(0, 999)
        for request in self.declared["journeys"][name]["requests"]:
            method, _, path = request.partition(" ")
            status = await self._request(method, path.format_map(data), self._body(data))
            if status >= 500 or status == 0:
                self.around.registry.count("journeys", journey=name, outcome="broken")
                return
            await asyncio.sleep(rng.expovariate(3))
        self.around.registry.count("journeys", journey=name, outcome="done")

    def _body(self, data: dict[str, Any]) -> dict[str, Any]:
        """The request's body; now and then the odd one a fault asks for."""
        chance = self.odd.get("chance", 0.0)
        return {**data, **self.odd["values"]} if chance and self.around.rng.random() < chance else data

    async def _request(self, method: str, path: str, body: dict[str, Any]) -> int:
        rng = self.around.rng
        headers = {"user-agent": rng.choice(AGENTS), "x-request-id": f"{rng.getrandbits(48):012x}",
                   "x-signed-at": f"{self.around.clock.now():.3f}",
                   "x-forwarded-for": f"203.0.113.{rng.randint(1, 254)}"}  # fmt: skip
        request = http.Message(method, path, headers=headers, body=body)
        began, started = time.perf_counter(), self.around.clock.now()
        response = await self._send(request)
        seconds = time.perf_counter() - began
        self.around.registry.observe("client_duration_seconds", seconds)
        self.around.registry.count("client_requests", status=str(response.status))
        if rng.random() < 0.35 or response.status >= 500 or response.status == 0:
            self.entries.append(
                _entry(request, response, started, seconds, self.around.host_of(self.declared["entry"]))
            )
        return response.status

    async def _send(self, request: http.Message) -> http.Message:
        try:
            async with self.pool.lease() as connection:
                return await connection.ask(request, self.declared.get("patience", 6.0))
        except CallError as trouble:
            return http.Message(status=0, body={"error": str(trouble)})
        except OSError as error:
            return http.Message(status=0, body={"error": str(error)})

    def write_har(self, path: Path) -> None:
        """Write the sample as HAR 1.2."""
        creator = {"name": "holdfast range", "version": "1"}
        har = {"log": {"version": "1.2", "creator": creator, "entries": self.entries}}
        path.write_text(json.dumps(har, indent=1), encoding="utf-8")


def _entry(
    request: http.Message, response: http.Message, started: float, seconds: float, host: str
) -> dict[str, Any]:
    sent, got = json.dumps(request.body), json.dumps(response.body)
    milliseconds = round(seconds * 1000, 2)
    return {
        "startedDateTime": datetime.fromtimestamp(started, UTC).isoformat(timespec="milliseconds"),
        "time": milliseconds,
        "request": {
            "method": request.method, "url": f"http://{host}{request.target}", "httpVersion": "HTTP/1.1",
            "headers": _pairs(request.headers), "queryString": [], "cookies": [], "headersSize": -1,
            "bodySize": len(sent), "postData": {"mimeType": "application/json", "text": sent},
        },
        "response": {
            "status": response.status, "statusText": http.REASONS.get(response.status, ""),
            "httpVersion": "HTTP/1.1",
            "headers": _pairs(response.headers), "cookies": [], "headersSize": -1, "bodySize": len(got),
            "redirectURL": "", "content": {"size": len(got), "mimeType": "application/json", "text": got},
            **({"_error": response.body.get("error", "")} if response.status == 0 else {}),
        },
        "cache": {},
        "timings": {"send": 0.1, "wait": milliseconds, "receive": 0.1},
    }  # fmt: skip


def _pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": k, "value": v} for k, v in headers.items()]
