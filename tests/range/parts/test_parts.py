"""The building blocks keep the promises a fault later breaks: bounds, order, expiry, quota, trust."""

import asyncio
import errno
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from holdfast.range.certificates import Authority
from holdfast.range.parts.application import Application, parse_route, server_tls
from holdfast.range.parts.broker import Broker
from holdfast.range.parts.cache import Cache
from holdfast.range.parts.database import Database, conflicts
from holdfast.range.parts.http import Message, encode_message, read_message
from holdfast.range.parts.name_server import NameServer
from holdfast.range.parts.names import Resolver
from holdfast.range.parts.pool import Pool
from holdfast.range.parts.quota import QuotaDirectory
from holdfast.range.parts.rules import DEFECTS
from holdfast.range.parts.surroundings import Surroundings
from holdfast.range.parts.troubles import PHRASES, CallError
from holdfast.range.parts.wire import Lines, Resp, dial, encode_command, read_command
from holdfast.range.settings import encode_settings
from holdfast.range.telemetry.openmetrics import Registry


def around(folder: Path, kind: str, **more: Any) -> Surroundings:
    """Surroundings of a lone part, with its settings in `more["config"]`; the story closes them."""
    component = {"name": "lone", "kind": kind, "layout": "logfmt", "node": "n1", "config": {}, **more}
    settings = folder / "settings.json"
    settings.write_text(encode_settings(component["config"], "json"))
    spec = {
        "component": component, "domain": "test", "home": str(folder), "seed": 1, "instance": "lone-1",
        "hosts": {},
        "config_file": str(settings), "log_file": str(folder / "log"), "span_file": str(folder / "spans"),
        "version": "1", "resolver_port": 0, "kinds": {}, "authorities": {}, "sampling": 1.0,
    }  # fmt: skip
    return Surroundings(spec)


def log(folder: Path) -> str:
    return (folder / "log").read_text()


class Fixed(Resolver):
    """A resolver that knows one port."""

    async def port_of(self, name: str) -> int:
        return self.port


@asynccontextmanager
async def session(port: int, hello: dict[str, Any]) -> AsyncIterator[Lines]:
    lines = Lines("lone", *await dial(Fixed(port), "lone"))
    await lines.ask({"op": "connect", **hello}, 1.0)
    yield lines
    lines.close()


# --- pool


class Thing:
    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def usable(self) -> bool:
        return not self.closed


async def make() -> Thing:
    return Thing()


def test_a_pool_never_lends_more_than_its_size() -> None:
    async def story() -> None:
        registry = Registry()
        pool = Pool("db", 1, make, registry, patience=0.02)
        async with pool.lease():
            with pytest.raises(CallError, match="active=1"):
                async with pool.lease():
                    pass
        async with pool.lease() as again:
            assert again.usable()
        assert registry.counters["pool_timeouts"][(("pool", "db"),)] == 1

    asyncio.run(story())


def test_a_leaked_connection_is_lost_to_the_pool() -> None:
    async def story() -> None:
        pool = Pool("db", 1, make, Registry(), patience=0.02)
        async with pool.lease(leak=True):
            pass
        with pytest.raises(CallError):
            async with pool.lease():
                pass

    asyncio.run(story())


def test_a_connection_that_failed_is_not_lent_again() -> None:
    async def story() -> None:
        pool = Pool("db", 1, make, Registry())
        with pytest.raises(RuntimeError):
            async with pool.lease() as broken:
                raise RuntimeError
        async with pool.lease() as fresh:
            assert fresh is not broken
        assert broken.closed

    asyncio.run(story())


# --- database


def test_a_table_lock_conflicts_with_its_rows_and_rows_with_themselves() -> None:
    assert conflicts("stock", "stock:4")
    assert conflicts("stock:4", "stock:4")
    assert not conflicts("stock:4", "stock:5")
    assert not conflicts("stock", "orders:4")


def test_a_held_lock_makes_others_wait_and_names_its_holder(tmp_path: Path) -> None:
    config = {"lock.timeout_ms": 150, "lock.deadlock_timeout_ms": 20}
    surroundings = around(tmp_path, "database", schema=["CREATE TABLE t(id INT)"], config=config)

    async def story() -> None:
        port = await Database(surroundings).start(0)
        async with session(port, {"user": "hog"}) as hog, session(port, {"user": "victim"}) as victim:
            await hog.ask({"op": "begin"}, 1.0)
            await hog.ask({"op": "query", "sql": "LOCK TABLE t", "lock": "t"}, 1.0)
            refused = await victim.ask({"op": "query", "sql": "SELECT * FROM t", "lock": "t:1"}, 1.0)
            assert "lock timeout" in refused["error"]
            await hog.ask({"op": "commit"}, 1.0)
            assert (await victim.ask({"op": "query", "sql": "SELECT * FROM t", "lock": "t:1"}, 1.0))[
                "rows"
            ] == []
        await surroundings.close()

    asyncio.run(story())
    assert "(hog): LOCK TABLE t" in log(tmp_path)


def test_a_database_refuses_wrong_passwords_and_too_many_sessions(tmp_path: Path) -> None:
    config = {"users.shop": "right", "server.max_connections": 1}
    surroundings = around(tmp_path, "database", schema=[], config=config)

    async def story() -> None:
        port = await Database(surroundings).start(0)
        opened = []
        for hello in ({"user": "shop", "password": "wrong"}, {"user": "one"}, {"user": "two"}):
            lines = Lines("lone", *await dial(Fixed(port), "lone"))
            await lines.ask({"op": "connect", **hello}, 1.0)
            opened.append(lines)
        for lines in opened:
            lines.close()
        await surroundings.close()

    asyncio.run(story())
    assert "password authentication failed" in log(tmp_path)
    assert "too many clients" in log(tmp_path)


def test_a_full_disk_fails_writes_and_not_reads(tmp_path: Path) -> None:
    config = {"disk.quota_bytes": 1000}
    surroundings = around(tmp_path, "database", schema=["CREATE TABLE t(id INT)"], config=config)

    async def story() -> None:
        port = await Database(surroundings).start(0)
        async with session(port, {"user": "u"}) as lines:
            insert = {"op": "query", "sql": "INSERT INTO t VALUES (1)"}
            assert "rows" in await lines.ask(insert, 1.0)
            assert "No space left on device" in (await lines.ask(insert, 1.0))["error"]
            assert (await lines.ask({"op": "query", "sql": "SELECT * FROM t"}, 1.0))["rows"] == [[1]]
        await surroundings.close()

    asyncio.run(story())


# --- broker


def test_a_refused_message_comes_back_first_and_dies_after_the_limit(tmp_path: Path) -> None:
    config = {"queue.max_deliveries": 2, "queue.redelivery_ms": 1}
    surroundings = around(tmp_path, "broker", config=config)

    async def story() -> None:
        port = await Broker(surroundings).start(0)
        async with session(port, {"user": "u"}) as lines:
            for body in ("poison", "good"):
                await lines.ask({"op": "publish", "queue": "q", "body": body, "headers": {}}, 1.0)
            seen = []
            for verdict in ("nack", "nack", "ack"):
                letter = await lines.ask({"op": "take", "queue": "q", "wait": 0.5}, 1.0)
                seen.append((letter["body"], letter["attempt"]))
                await lines.ask({"op": verdict, "id": letter["id"]}, 1.0)
            assert seen == [("poison", 1), ("poison", 2), ("good", 1)]
        await surroundings.close()

    asyncio.run(story())
    assert "dead-lettered" in log(tmp_path)


def test_a_message_of_a_vanished_consumer_is_delivered_again(tmp_path: Path) -> None:
    surroundings = around(tmp_path, "broker", config={"queue.redelivery_ms": 1})

    async def story() -> None:
        port = await Broker(surroundings).start(0)
        async with session(port, {"user": "u"}) as lines:
            await lines.ask({"op": "publish", "queue": "q", "body": "x", "headers": {}}, 1.0)
            await lines.ask({"op": "take", "queue": "q", "wait": 0.5}, 1.0)
        async with session(port, {"user": "u"}) as lines:
            assert (await lines.ask({"op": "take", "queue": "q", "wait": 0.9}, 2.0))["attempt"] == 2
        await surroundings.close()

    asyncio.run(story())


# --- cache


def test_a_cache_forgets_by_time_and_by_size(tmp_path: Path) -> None:
    surroundings = around(tmp_path, "cache", config={"server.max_bytes": 10})
    cache = Cache(surroundings)
    assert cache.execute(["SETEX", "a", "60", "12345678"]) == b"+OK\r\n"
    assert cache.execute(["GET", "a"]) == b"$8\r\n12345678\r\n"
    cache.execute(["SETEX", "b", "60", "12345678"])
    assert cache.execute(["GET", "a"]) == b"$-1\r\n", "evicted"
    cache.execute(["SETEX", "c", "0", "1"])
    assert cache.execute(["GET", "c"]) == b"$-1\r\n", "expired"
    assert cache.execute(["FLY"]).startswith(b"-ERR")
    asyncio.run(surroundings.close())


def test_client_and_cache_speak_the_same_protocol(tmp_path: Path) -> None:
    surroundings = around(tmp_path, "cache")

    async def story() -> None:
        port = await Cache(surroundings).start(0)
        client = Resp("lone", *await dial(Fixed(port), "lone"))
        assert await client.ask(["SETEX", "k", "9", "vä"], 1.0) == "OK"
        assert await client.ask(["GET", "k"], 1.0) == "vä"
        assert await client.ask(["GET", "none"], 1.0) is None
        client.close()
        await surroundings.close()

    asyncio.run(story())


def test_commands_survive_the_wire() -> None:
    async def story() -> list[str]:
        reader = asyncio.StreamReader()
        reader.feed_data(encode_command(["SETEX", "", "a\r\nb", "é"]))
        return await read_command(reader)

    assert asyncio.run(story()) == ["SETEX", "", "a\r\nb", "é"]


# --- names


def test_names_resolve_in_turn_and_fail_as_the_ailment_says(tmp_path: Path) -> None:
    surroundings = around(tmp_path, "resolver", config={"zone.ttl_s": 0})
    server = NameServer(surroundings)
    server.zone = {"a.test": [7, 8]}

    async def story() -> None:
        client = Resolver(await server.start(0), timeout=0.05, attempts=1)
        assert {await client.port_of("a.test") for _ in range(2)} == {7, 8}
        with pytest.raises(CallError, match=r"b\.test"):
            await client.port_of("b.test")
        surroundings.ailments.refuse_names = "DROP:a."
        with pytest.raises(CallError, match="timed out"):
            await client.port_of("a.test")
        server.transport.close()
        if client.transport is not None:
            client.transport.close()
        await surroundings.close()

    asyncio.run(story())
    assert "NXDOMAIN" in log(tmp_path)


# --- HTTP, TLS, disk, rules


def test_messages_survive_the_wire() -> None:
    async def story() -> tuple[Message, Message]:
        reader = asyncio.StreamReader()
        reader.feed_data(encode_message("POST /orders HTTP/1.1", {"x-a": "1"}, {"n": 2}))
        reader.feed_data(encode_message("HTTP/1.1 503 Service Unavailable", {}, {"error": "x"}))
        return await read_message(reader), await read_message(reader)

    request, response = asyncio.run(story())
    assert (request.method, request.target, request.headers["x-a"], request.body) == (
        "POST",
        "/orders",
        "1",
        {"n": 2},
    )
    assert (response.status, response.body) == (503, {"error": "x"})


def test_a_route_binds_its_names() -> None:
    route = parse_route("GET /orders/{order}", [])
    assert route.match("GET", ["orders", "17"]) == {"order": "17"}
    assert route.match("GET", ["orders"]) is None
    assert route.match("POST", ["orders", "17"]) is None


@pytest.mark.parametrize(
    ("valid_for", "outcome"),
    [(timedelta(days=1), "accepted"), (timedelta(seconds=-2), "certificate has expired")],
)
def test_clients_refuse_an_expired_certificate(tmp_path: Path, valid_for: timedelta, outcome: str) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("localhost", datetime.now(UTC) + valid_for)
    tls = server_tls({"certificate": str(certificate), "private_key": str(key)})

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def story() -> str:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0, **tls)
        port = server.sockets[0].getsockname()[1]
        trust = ssl.create_default_context(cafile=str(authority.path))
        try:
            _, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=trust, server_hostname="localhost"
            )
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        finally:
            server.close()
        writer.close()
        return "accepted"

    assert asyncio.run(story()) == outcome


def test_a_quota_is_enforced_to_the_byte(tmp_path: Path) -> None:
    disk = QuotaDirectory(tmp_path / "d", 10)
    disk.append("a", b"x" * 10)
    with pytest.raises(OSError, match="No space left") as full:
        disk.append("b", b"x")
    assert full.value.errno == errno.ENOSPC
    assert disk.truncate("a") == 10
    disk.append("b", b"x")
    assert disk.used() == 1


@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_every_defect_really_raises_on_ordinary_requests(name: str) -> None:
    def serve() -> None:
        for customer in range(4):
            DEFECTS[name]({"customer": customer, "amount": 12, "quantity": 1})

    with pytest.raises((LookupError, TypeError, ValueError, ArithmeticError, AttributeError)):
        serve()


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_every_language_words_every_failure_it_knows(language: str) -> None:
    for kind in PHRASES[language]:
        worded = CallError(kind, "stock:80", "after 9ms").worded(language)
        assert "{" not in worded
        assert "stock:80" in worded or "after 9ms" in worded


def test_an_application_answers_and_logs_what_went_wrong(tmp_path: Path) -> None:
    routes = {
        "GET /ok": ["give word yes"],
        "GET /no": ["reject 409 'sold out'"],
        "GET /disk": ["write f 99999999"],
    }
    surroundings = around(tmp_path, "application", routes=routes)
    application = Application(surroundings)

    async def story() -> list[tuple[int, dict[str, Any]]]:
        answers = [
            await application.answer(Message("GET", path)) for path in ("/ok", "/no", "/disk", "/else")
        ]
        await surroundings.close()
        return [(answer.status, answer.body) for answer in answers]

    ok, no, disk, nowhere = asyncio.run(story())
    assert ok == (200, {"word": "yes"})
    assert no == (409, {"error": "sold out"})
    assert disk[0] == 507
    assert nowhere[0] == 404
    assert "No space left on device" in log(tmp_path)
    surroundings.tracer.flush()
    batch = json.loads((tmp_path / "spans").read_text())["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert [span["status"].get("code") for span in batch] == [None, None, 2, None]
