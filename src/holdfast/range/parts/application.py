"""The application part: HTTP routes, queue consumers and periodic jobs, all made of steps."""

import asyncio
import contextlib
import errno
import json
import ssl
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from holdfast.range.steps import Step, parse_steps
from holdfast.range.telemetry.spans import Context, Span, new_context, parse_traceparent

from . import http
from .pool import Connection, Pool
from .rules import DEFECTS
from .surroundings import Surroundings
from .troubles import CallError, RejectedError
from .verbs import run_steps
from .wire import Lines, Resp, dial

# A consumer that kept one connection for ever would never notice that the broker moved.
RECONNECT_SECONDS = 4.0


@dataclass
class Scope:
    """One unit of work in progress: whose trace, with which data, holding which transactions."""

    context: Context
    data: dict[str, Any]
    name: str
    headers: dict[str, str] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    sessions: dict[str, Lines] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """Replace `{name}` by the data's value; an unknown name becomes empty."""
        return text.format_map(defaultdict(str, self.data))


@dataclass(frozen=True)
class Route:
    """A method, the segments of a path (`{name}` binds) and what it does."""

    name: str
    method: str
    segments: tuple[str, ...]
    steps: tuple[Step, ...]

    def match(self, method: str, segments: list[str]) -> dict[str, str] | None:
        if method != self.method or len(segments) != len(self.segments):
            return None
        bound = dict(zip(self.segments, segments, strict=True))
        fits = all(k == v or k.startswith("{") for k, v in bound.items())
        return {k.strip("{}"): v for k, v in bound.items() if k.startswith("{")} if fits else None


def parse_route(name: str, raw: list[Any]) -> Route:
    method, _, path = name.partition(" ")
    return Route(name, method, tuple(path.strip("/").split("/")), parse_steps(raw))


class Application:
    """Serves routes, consumes queues and runs jobs as its topology declares."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        declared = around.component
        self.routes = [parse_route(k, v) for k, v in declared.get("routes", {}).items()]
        self.consumers = {k: parse_steps(v) for k, v in declared.get("consumes", {}).items()}
        self.jobs = [(j, parse_steps(j["steps"])) for j in declared.get("jobs", [])]
        self.kinds: dict[str, str] = around.spec["kinds"]
        self.pools: dict[str, Pool[Any]] = {}
        self.workers = asyncio.Semaphore(int(around.setting("server.workers", 32)))
        self.logger: str = declared.get("logger", around.name)

    async def start(self, port: int) -> int:
        tls = server_tls(self.around.spec)
        bound = await self.around.listen(lambda r, w: http.serve(self.answer, r, w), port, **tls)
        for queue in self.consumers:
            for _ in range(int(self.around.setting("consumer.concurrency", 2))):
                self.around.spawn(self.consume(queue))
        for job, steps in self.jobs:
            self.around.spawn(self.repeat(job, steps))
        version = self.around.spec["version"]
        self.around.log.write("info", self.logger, f"listening on 0.0.0.0:{bound}, version {version}")
        return bound

    def reload(self) -> None:
        """Take the settings just read into use: new pools, new limit of workers."""
        for pool in self.pools.values():
            pool.close()
        self.pools = {}
        self.workers = asyncio.Semaphore(int(self.around.setting("server.workers", 32)))
        self.around.log.write("info", self.logger, "configuration reloaded")

    def pool(self, peer: str) -> Pool[Any]:
        """The pool of connections to a peer, made at first need."""
        if peer not in self.pools:
            around = self.around
            default = 6 if self.kinds[peer] == "database" else 12
            size = int(around.setting(f"{peer}.pool_size", around.setting("http.pool_size", default)))
            patience = around.setting(f"{peer}.pool_timeout_ms", 1000) / 1000
            self.pools[peer] = Pool(
                peer, size, lambda: self._connect(peer), around.registry, patience=patience
            )
        return self.pools[peer]

    async def _connect(self, peer: str) -> Connection:
        around, host = self.around, self.around.host_of(peer)
        kind = self.kinds[peer]
        if kind == "application":
            return await http.connect(around.resolver, host, self._tls(peer))
        if kind == "cache":
            return Resp(host, *await dial(around.resolver, host))
        lines = Lines(host, *await dial(around.resolver, host))
        hello = {
            "op": "connect",
            "user": around.settings.get(f"{peer}.user", around.name),
            "password": around.settings.get(f"{peer}.password", ""),
        }
        answer = await lines.ask(hello, 2.0)
        if "error" in answer:
            lines.close()
            raise CallError("sql", host, f"FATAL: {answer['error']}")
        return lines

    def close(self) -> None:
        """Close every connection; a replaced process does so by dying."""
        for pool in self.pools.values():
            pool.close()

    def _tls(self, peer: str) -> ssl.SSLContext | None:
        authority = self.around.spec["authorities"].get(peer)
        return ssl.create_default_context(cafile=authority) if authority else None

    # --- requests

    async def answer(self, request: http.Message) -> http.Message:
        path = request.target.split("?")[0]
        for route in self.routes:
            bound = route.match(request.method, path.strip("/").split("/"))
            if bound is not None:
                return await self._serve(route, request, bound)
        nowhere = Route("unmatched", request.method, (), (Step("reject", ("404", f"{path} not found")),))
        return await self._serve(nowhere, request, {})

    async def _serve(self, route: Route, request: http.Message, bound: dict[str, str]) -> http.Message:
        request_id = request.headers.get("x-request-id", "")
        parent = parse_traceparent(request.headers.get("traceparent", ""), request_id) or self._begin(
            request_id
        )
        began = time.perf_counter()
        with self.around.tracer.span(route.name, "server", parent) as span:
            span.attributes.update({"http.request.method": route.method, "url.path": request.target})
            span.attributes["http.route"] = route.name.partition(" ")[2]
            scope = Scope(span.context, {**request.body, **bound}, route.name, request.headers)
            status, body = await self._outcome(route.steps, scope, span)
            span.attributes["http.response.status_code"] = status
        seconds = time.perf_counter() - began
        self._account(route, request, status, seconds, span)
        headers = {"x-request-id": span.context.request_id}
        return http.Message(status=status, headers=headers, body=body)

    def _begin(self, request_id: str = "") -> Context:
        return new_context(self.around.rng.random() < self.around.spec["sampling"], request_id)

    async def _outcome(self, steps: tuple[Step, ...], scope: Scope, span: Span) -> tuple[int, dict[str, Any]]:
        try:
            async with self.workers:
                await self.work(steps, scope)
        except RejectedError as no:
            self._say(no.level, no.reason, scope)
            if no.status >= 500:
                span.fail(no.reason)
            return no.status, {"error": no.reason}
        except CallError as trouble:
            self._say("error", self._complaint(trouble, scope), scope)
            span.fail(trouble.worded(self.around.language))
            return trouble.status, {"error": trouble.kind}
        except Exception as error:
            self._say("error", f"Unhandled exception in {scope.name}: {error}", scope, error)
            span.record(error)
            full = isinstance(error, OSError) and error.errno == errno.ENOSPC
            return (507 if full else 500), {"error": type(error).__name__}
        return (200 if scope.name.startswith("GET") else 201), scope.answer

    def _complaint(self, trouble: CallError, scope: Scope) -> str:
        worded = trouble.worded(self.around.language)
        if self.around.language != "nginx":
            return f"{scope.name} failed: {worded}"
        client, number = scope.headers.get("x-forwarded-for", "127.0.0.1"), self.around.rng.randint(100, 9000)
        return (
            f'*{number} {worded}, client: {client}, server: _, request: "{scope.fill(scope.name)} HTTP/1.1"'
        )

    def _say(self, level: str, message: str, scope: Scope, error: BaseException | None = None) -> None:
        self.around.log.write(level, self.logger, message, scope.context, error)

    async def work(self, steps: tuple[Step, ...], scope: Scope) -> None:
        """Do the steps, suffering from whatever ails this process."""
        ailments = self.around.ailments
        ailments.grow()
        await ailments.slow_down(self.around.rng)
        defect = self.around.spec.get("defect")
        if ailments.early_return == scope.name:
            return
        middle = len(steps) // 2
        await run_steps(self, steps[:middle], scope)
        if defect and defect["where"] == scope.name:
            DEFECTS[defect["name"]](scope.data)
        await run_steps(self, steps[middle:], scope)

    def _account(self, route: Route, request: http.Message, status: int, seconds: float, span: Span) -> None:
        around = self.around
        around.registry.count("http_server_requests", route=route.name, status=str(status))
        around.registry.observe("http_server_duration_seconds", seconds, route=route.name)
        form = around.component.get("access_log", "")
        if form == "nginx":
            around.log.write("info", "access", _nginx_access(around, request, status, seconds, span.context))
        elif form:
            values = {
                "method": route.method,
                "path": request.target,
                "status": status,
                "ms": round(seconds * 1000, 1),
            }
            around.log.write("info", self.logger + ".access", form.format(**values), span.context)

    # --- queues and jobs

    async def consume(self, queue: str) -> None:
        """Take messages one at a time, for ever; a lost broker is tried again every half second."""
        broker = self.around.component["broker"]
        while True:
            try:
                until = time.monotonic() + RECONNECT_SECONDS
                async with self.pool(broker).lease() as lines:
                    while time.monotonic() < until:
                        await self._next(lines, queue)
            except (CallError, OSError, ssl.SSLError) as trouble:
                worded = (
                    trouble.worded(self.around.language) if isinstance(trouble, CallError) else str(trouble)
                )
                self.around.log.write(
                    "warning", self.logger, f"Consumer of {queue} lost the broker: {worded}"
                )
                await asyncio.sleep(0.5)

    async def _next(self, lines: Lines, queue: str) -> None:
        taken = await lines.ask({"op": "take", "queue": queue, "wait": 1.0}, 3.0)
        if taken.get("id") is None:
            return
        parent = parse_traceparent(
            taken["headers"].get("traceparent", ""), taken["headers"].get("request_id", "")
        )
        began = time.perf_counter()
        verdict = await self._process(queue, taken, parent or self._begin())
        self.around.registry.count("messages_processed", queue=queue, outcome=verdict)
        self.around.registry.observe("message_processing_seconds", time.perf_counter() - began, queue=queue)
        await lines.ask({"op": verdict, "id": taken["id"]}, 3.0)

    async def _process(self, queue: str, taken: dict[str, Any], parent: Context) -> str:
        with self.around.tracer.span(f"process {queue}", "consumer", parent) as span:
            span.attributes.update({"messaging.system": "rabbitmq", "messaging.destination.name": queue})
            span.attributes["messaging.delivery_attempt"] = taken["attempt"]
            scope = Scope(span.context, {}, queue)
            try:
                scope.data = self._decode(taken["body"])
                await self.work(self.consumers[queue], scope)
            except RejectedError as no:
                self._say(no.level, no.reason, scope)
            except CallError as trouble:
                worded = trouble.worded(self.around.language)
                self._say("error", f"Processing message {taken['id']} from {queue} failed: {worded}", scope)
                span.fail(worded)
                return "nack"
            except Exception as error:
                self._say(
                    "error", f"Could not process message {taken['id']} from {queue}: {error}", scope, error
                )
                span.record(error)
                return "nack"
        return "ack"

    def _decode(self, body: str) -> dict[str, Any]:
        """Decode a message. Fails on what a careful consumer would set aside: the poison message's entry."""
        data: dict[str, Any] = json.loads(body)
        field = self.around.component.get("parses")
        if field:
            float(data[field])
        return data

    async def hold_lock(self, lock: dict[str, Any]) -> None:
        """A maintenance job that takes a table lock and does its slow work before it commits."""
        database = lock["database"]
        while True:
            with contextlib.suppress(CallError):
                async with self.pool(database).lease() as lines:
                    await lines.ask({"op": "begin"}, 2.0)
                    statement = {
                        "op": "query",
                        "sql": f"LOCK TABLE {lock['table']} IN EXCLUSIVE MODE",
                        "lock": lock["table"],
                    }
                    await lines.ask(statement, 4.0)
                    await asyncio.sleep(lock["hold"] * self.around.rng.uniform(0.8, 1.2))
                    await lines.ask({"op": "commit"}, 2.0)
            await asyncio.sleep(lock["pause"])

    async def repeat(self, job: dict[str, Any], steps: tuple[Step, ...]) -> None:
        """Run a job for ever, every `every` seconds give or take a quarter."""
        name = job.get("name", "job")
        while True:
            await asyncio.sleep(job["every"] * self.around.rng.uniform(0.75, 1.25))
            parent = self._begin()
            with self.around.tracer.span(name, "internal", parent) as span:
                await self._outcome(
                    steps, Scope(span.context, {"product": self.around.rng.randint(1, 60)}, name), span
                )


def _nginx_access(
    around: Surroundings, request: http.Message, status: int, seconds: float, context: Context
) -> str:
    stamp = datetime.fromtimestamp(around.clock.now(), UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    client = request.headers.get("x-forwarded-for", "127.0.0.1")
    agent = request.headers.get("user-agent", "-")
    line = f'{request.method} {request.target} HTTP/1.1" {status} {around.rng.randint(180, 2400)}'
    return f'{client} - - [{stamp}] "{line} "-" "{agent}" rt={seconds:.3f} rid={context.request_id}'


def server_tls(spec: dict[str, Any]) -> dict[str, ssl.SSLContext]:
    """The TLS argument of a server that has a certificate; empty for one that has none."""
    if not spec.get("certificate"):
        return {}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(spec["certificate"], spec["private_key"])
    return {"ssl": context}
