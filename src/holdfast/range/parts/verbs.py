"""What each verb of the step language does."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from holdfast.range.steps import Step
from holdfast.range.telemetry.spans import Span

from . import http
from .troubles import CallError, RejectedError
from .wire import Lines, Resp

if TYPE_CHECKING:
    from .application import Application, Scope

Verb = Callable[["Application", Step, "Scope"], Awaitable[None]]


async def run_steps(app: "Application", steps: tuple[Step, ...], scope: "Scope") -> None:
    for step in steps:
        await VERB_TABLE[step.verb](app, step, scope)


# --- calls


async def call(app: "Application", step: Step, scope: "Scope") -> None:
    """Call a peer's route, with the configured time-out, retries and back-off."""
    peer, method, path = step.words
    attempts = 1 + int(app.around.peer_setting(peer, "retries", 1))
    for attempt in range(1, attempts + 1):
        try:
            return await _attempt(app, peer, method, scope.fill(path), step, scope)
        except CallError as trouble:
            await _failed(app, peer, trouble, attempt, attempts, step, scope)
    return None


async def _failed(
    app: "Application", peer: str, trouble: CallError, attempt: int, attempts: int, step: Step, scope: "Scope"
) -> None:
    """Decide what follows a failed attempt: another one, going on without, or giving up."""
    worded = trouble.worded(app.around.language)
    last = attempt == attempts
    if last and "optional" not in step.words and step.options.get("optional") != "yes":
        raise trouble
    doing = "continuing without" if last else "will retry"
    text = f"Call to {peer} failed (attempt {attempt}/{attempts}), {doing}: {worded}"
    app.around.log.write("warning", app.logger, text, scope.context)
    if not last:
        app.around.registry.count("http_client_retries", peer=peer)
        pause = app.around.peer_setting(peer, "backoff_ms", 40) / 1000 * 2 ** (attempt - 1)
        await asyncio.sleep(pause * app.around.rng.uniform(0.5, 1.5))


async def _attempt(app: "Application", peer: str, method: str, path: str, step: Step, scope: "Scope") -> None:
    around = app.around
    timeout = around.peer_setting(peer, "timeout_ms", 1500) / 1000
    began, outcome = time.perf_counter(), "error"
    with around.tracer.span(f"{method} {step.words[2]}", "client", scope.context) as span:
        span.attributes.update(
            {"http.request.method": method, "url.path": path, "server.address": around.host_of(peer)}
        )
        try:
            leak = around.rng.random() < around.ailments.leak_connections
            async with app.pool(peer).lease(leak=leak and app.kinds[peer] != "application") as connection:
                response = await connection.ask(_request(app, method, path, span, scope), timeout)
            outcome = str(response.status)
            _judge(peer, response, step, scope, span)
        finally:
            around.registry.count("http_client_requests", peer=peer, status=outcome)
            around.registry.observe("http_client_duration_seconds", time.perf_counter() - began, peer=peer)


def _request(app: "Application", method: str, path: str, span: Span, scope: "Scope") -> http.Message:
    headers = {
        "traceparent": span.context.traceparent(),
        "x-request-id": span.context.request_id,
        "x-signed-at": f"{app.around.clock.now():.3f}",
        "x-caller": app.around.name,
    }
    return http.Message(method, path, headers=headers, body=scope.data)


def _judge(peer: str, response: http.Message, step: Step, scope: "Scope", span: Span) -> None:
    """Take over the response, or raise what its status means."""
    span.attributes["http.response.status_code"] = response.status
    if response.status >= 500:
        raise CallError(
            "status", peer, f"HTTP {response.status}", response.status if response.status == 504 else 502
        )
    if response.status >= 400:
        reason = f"{peer} answered {response.status}: {response.body.get('error', '')}"
        if response.status == 401:
            # Another service's refusal of our own signature is no answer for our caller.
            raise CallError("status", peer, f"HTTP 401 {response.body.get('error', '')}", 502)
        raise RejectedError(response.status, reason, "warning")
    needed = step.options.get("need")
    if needed:
        scope.data[needed] = response.body[needed]
    scope.answer.update(response.body)


# --- database


async def sql(app: "Application", step: Step, scope: "Scope") -> None:
    """Run one statement, in the open transaction if there is one."""
    database, statement = step.words
    message = {
        "op": "query",
        "sql": statement,
        "values": {k: v for k, v in scope.data.items() if f":{k}" in statement},
        "lock": scope.fill(step.options.get("lock", "")),
    }
    timeout = app.around.setting(f"{database}.statement_timeout_ms", 2500) / 1000
    with app.around.tracer.span(_title(statement), "client", scope.context) as span:
        span.attributes.update({"db.system.name": "postgresql", "db.query.text": statement})
        span.attributes["server.address"] = app.around.host_of(database)
        began = time.perf_counter()
        try:
            answer = await _query(app, database, message, timeout, scope)
        finally:
            app.around.registry.observe(
                "db_client_duration_seconds", time.perf_counter() - began, peer=database
            )
        if "error" in answer:
            raise CallError("sql", database, f"ERROR: {answer['error']}", 500)
    if step.options.get("need") and not answer["rows"]:
        raise RejectedError(404, f"{step.options['need']} not found", "warning")


async def _query(
    app: "Application", database: str, message: dict[str, Any], timeout: float, scope: "Scope"
) -> dict[str, Any]:
    session = scope.sessions.get(database)
    if session is not None:
        return await session.ask(message, timeout)
    leak = app.around.rng.random() < app.around.ailments.leak_connections
    async with app.pool(database).lease(leak=leak) as lines:
        answer: dict[str, Any] = await lines.ask(message, timeout)
        return answer


def _title(statement: str) -> str:
    """A span name of low cardinality: the verb and the table."""
    words = statement.split()
    marks = [i for i, word in enumerate(words) if word.upper() in ("FROM", "INTO", "UPDATE")]
    return f"{words[0]} {words[marks[0] + 1].split('(')[0]}" if marks else words[0]


async def transaction(app: "Application", step: Step, scope: "Scope") -> None:
    """Keep one connection for the inner steps; locks they take are held until the end."""
    database = step.words[0]
    async with app.pool(database).lease(
        leak=app.around.rng.random() < app.around.ailments.leak_connections
    ) as lines:
        await lines.ask({"op": "begin"}, 2.0)
        scope.sessions[database] = lines
        try:
            await run_steps(app, step.inner, scope)
        finally:
            del scope.sessions[database]
            await lines.ask({"op": "commit"}, 2.0)


# --- cache


async def cached(app: "Application", step: Step, scope: "Scope") -> None:
    """Do the inner steps only when the key is not in the cache, then put it there."""
    cache, key = step.words[0], scope.fill(step.words[1])
    if await _ask_cache(app, cache, ["GET", key], scope) is not None:
        app.around.registry.count("cache_hits", peer=cache)
        return
    app.around.registry.count("cache_misses", peer=cache)
    await run_steps(app, step.inner, scope)
    ttl = int(app.around.setting(f"{cache}.ttl_s", 8))
    await _ask_cache(app, cache, ["SETEX", key, str(ttl), json.dumps(scope.answer) * 4], scope)


async def uncache(app: "Application", step: Step, scope: "Scope") -> None:
    await _ask_cache(app, step.words[0], ["DEL", scope.fill(step.words[1])], scope)


async def _ask_cache(app: "Application", cache: str, words: list[str], scope: "Scope") -> str | None:
    """A cache that does not answer is worked around, and complained about."""
    timeout = app.around.setting(f"{cache}.timeout_ms", 250) / 1000
    try:
        with app.around.tracer.span(words[0], "client", scope.context) as span:
            span.attributes.update(
                {"db.system.name": "redis", "db.query.text": f"{words[0]} {words[1].split(':')[0]}:?"}
            )
            span.attributes["server.address"] = app.around.host_of(cache)
            async with app.pool(cache).lease() as connection:
                reply = await _resp(connection, words, timeout)
    except CallError as trouble:
        text = f"Cache {words[0]} failed, falling back to origin: {trouble.worded(app.around.language)}"
        app.around.log.write("warning", app.logger, text, scope.context)
        return None
    return reply


async def _resp(connection: Resp, words: list[str], timeout: float) -> str | None:
    return await connection.ask(words, timeout)


# --- queue


async def publish(app: "Application", step: Step, scope: "Scope") -> None:
    broker, queue = step.words
    with app.around.tracer.span(f"publish {queue}", "producer", scope.context) as span:
        span.attributes.update({"messaging.system": "rabbitmq", "messaging.destination.name": queue})
        span.attributes["server.address"] = app.around.host_of(broker)
        headers = {"traceparent": span.context.traceparent(), "request_id": span.context.request_id}
        message = {"op": "publish", "queue": queue, "body": json.dumps(scope.data), "headers": headers}
        async with app.pool(broker).lease() as lines:
            answer = await _publish(lines, message)
        if "error" in answer:
            raise CallError("status", broker, answer["error"])


async def _publish(lines: Lines, message: dict[str, Any]) -> dict[str, Any]:
    return await lines.ask(message, 1.5)


# --- on its own


async def compute(app: "Application", step: Step, _: "Scope") -> None:
    """Burn real CPU time, in milliseconds."""
    until = time.thread_time() + float(step.words[0]) / 1000 * app.around.rng.uniform(0.7, 1.4)
    while time.thread_time() < until:
        sum(range(400))


async def wait(app: "Application", step: Step, _: "Scope") -> None:
    """Wait for something outside the system, milliseconds with a long tail."""
    await asyncio.sleep(float(step.words[0]) / 1000 * app.around.rng.lognormvariate(0, 0.35))


async def write(app: "Application", step: Step, _: "Scope") -> None:
    """Append bytes to a file of the quota-limited data directory."""
    await app.around.write(step.words[0], b"x" * int(step.words[1]))


async def verify(app: "Application", _: Step, scope: "Scope") -> None:
    """Refuse a request whose signature time differs too much from this process's clock."""
    signed = float(scope.headers.get("x-signed-at", app.around.clock.now()))
    tolerance = app.around.setting("auth.clock_tolerance_s", 30)
    if abs(app.around.clock.now() - signed) > tolerance:
        raise RejectedError(401, "request signature expired or not yet valid", "warning")


async def reject(app: "Application", step: Step, scope: "Scope") -> None:
    if app.around.rng.random() < step.number("chance", 1.0):
        raise RejectedError(
            int(step.words[0]), scope.fill(step.words[1]), step.options.get("level", "warning")
        )


async def glitch(app: "Application", step: Step, scope: "Scope") -> None:
    """A transient failure that a retry cures: part of every system's normal day."""
    if app.around.rng.random() < step.number("chance", 0.01):
        raise RejectedError(503, scope.fill(step.words[0]), step.options.get("level", "error"))


async def log(app: "Application", step: Step, scope: "Scope") -> None:
    """Write a line; `{n}` and `{ms}` are drawn anew each time."""
    if app.around.rng.random() >= step.number("chance", 1.0):
        return
    level, text = step.words
    rng = app.around.rng
    drawn = {"n": rng.randint(2, 400), "ms": round(rng.uniform(2, 180), 1)}
    scope.data.update(drawn)
    app.around.log.write(level, step.options.get("logger", app.logger), scope.fill(text), scope.context)


async def give(_: "Application", step: Step, scope: "Scope") -> None:
    """Put a value into the response."""
    scope.answer[step.words[0]] = scope.fill(step.words[1])


async def parallel(app: "Application", step: Step, scope: "Scope") -> None:
    outcomes = await asyncio.gather(
        *(run_steps(app, (s,), scope) for s in step.inner), return_exceptions=True
    )
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


async def maybe(app: "Application", step: Step, scope: "Scope") -> None:
    if app.around.rng.random() < step.number("chance", 0.5):
        await run_steps(app, step.inner, scope)


VERB_TABLE: dict[str, Verb] = {
    verb.__name__: verb
    for verb in (
        call, sql, transaction, cached, uncache, publish, compute, wait, write, verify, reject, glitch, log,
        give, parallel, maybe,
    )
}  # fmt: skip
