"""Records whose head has several lines, and whose message stands below it."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from holdfast.diagnostics.logs import NO_TIME, Level, LogTable, read_log
from holdfast.diagnostics.logs.detection import detect
from holdfast.diagnostics.logs.layouts import LayoutError, parsed
from holdfast.diagnostics.logs.partial import Mapped, Partial, merge_all, scan

Writer = Callable[..., Path]

MYSQL = """/usr/sbin/mysqld, Version: 8.0.33 (MySQL Community Server - GPL). started with:
Tcp port: 3306  Unix socket: /var/run/mysqld/mysqld.sock
Time                 Id Command    Argument
# Time: 2023-05-10T12:00:01.123456Z
# User@Host: shop[shop] @ app-1 [10.0.0.5]  Id:    42
# Query_time: 2.000123  Lock_time: 0.000010 Rows_sent: 1  Rows_examined: 120000
use shop;
SET timestamp=1683720001;
SELECT o.id, o.total
FROM orders o
WHERE o.customer = 17;
# Time: 2023-05-10T12:00:05.000000Z
# User@Host: batch[batch] @ localhost []  Id:    43
# Query_time: 9.100000  Lock_time: 0.000010 Rows_sent: 0  Rows_examined: 9
SET timestamp=1683720005;
SELECT o.id, o.total
FROM orders o
WHERE o.customer = 18;
# Time: 2023-05-10T12:00:06.000000Z
# User@Host: batch[batch] @ localhost []  Id:    43
# Query_time: 9.100000  Lock_time: 0.000010 Rows_sent: 0  Rows_examined: 9
SET timestamp=1683720006;
UPDATE stock SET held = 1 WHERE sku = 'A-17';
"""
MARIADB = """# Time: 230510 12:00:01
# User@Host: shop[shop] @ app-1 [10.0.0.5]
# Thread_id: 5  Schema: shop  QC_hit: No
# Query_time: 2.000123  Lock_time: 0.000010  Rows_sent: 1  Rows_examined: 120000
# Rows_affected: 0  Bytes_sent: 62
SET timestamp=1683712801;
SELECT SLEEP(2);
# User@Host: shop[shop] @ app-1 [10.0.0.5]
# Thread_id: 6  Schema: shop  QC_hit: No
# Query_time: 2.000123  Lock_time: 0.000010  Rows_sent: 1  Rows_examined: 120000
# Rows_affected: 0  Bytes_sent: 62
SET timestamp=1683712803;
SELECT SLEEP(3);
"""
DOTNET = """info: Microsoft.Hosting.Lifetime[14]
      Now listening on: http://localhost:5000
warn: Shop.Orders.OrderService[7]
      => SpanId:45807f5f3c0d3e2b, TraceId:6b1f9b24c0e1d4a7b3c2d1e0f9a8b7c6 => RequestPath:/orders
      Order 17 is late
fail: Shop.Orders.OrderService[8]
      Order 18 failed
      System.InvalidOperationException: no stock
         at Shop.Orders.OrderService.Place(Order order) in /src/OrderService.cs:line 42
         at Shop.Orders.OrderController.Post() in /src/OrderController.cs:line 17
info: Microsoft.Hosting.Lifetime[14]
      Now listening on: http://localhost:5001
"""
WEVTUTIL = """Event[0]:
  Log Name: Application
  Source: MsiInstaller
  Date: 2023-05-10T12:00:01.123
  Event ID: 1034
  Task: N/A
  Level: Information
  Opcode: Info
  Keyword: Classic
  User: S-1-5-18
  User Name: NT AUTHORITY\\SYSTEM
  Computer: WEB01
  Description:\x20
Windows Installer removed the product. Product Name: Widget 1.2.

Event[1]:
  Log Name: System
  Source: Service Control Manager
  Date: 2023-05-10T12:00:03.123
  Event ID: 7034
  Task: N/A
  Level: Error
  Opcode: N/A
  Keyword: Classic
  User: N/A
  User Name: N/A
  Computer: WEB01
  Description:\x20
The Print Spooler service terminated unexpectedly.

"""
VIEWER = """Log Name:      Security
Source:        Microsoft-Windows-Security-Auditing
Date:          5/10/2023 1:00:01 PM
Event ID:      4625
Task Category: Logon
Level:         Information
Keywords:      Audit Failure
User:          N/A
Computer:      DC01.corp.example
Description:
An account failed to log on.

Subject:
\tSecurity ID:\t\tNULL SID
\tAccount Name:\t\t-
Log Name:      System
Source:        disk
Date:          5/10/2023 1:00:04 PM
Event ID:      153
Task Category: None
Level:         Warning
Keywords:      Classic
User:          N/A
Computer:      DC01.corp.example
Description:
The IO operation at logical block address 0x10 for Disk 0 was retried.
"""
LISTED = """
TimeCreated  : 5/10/2023 12:00:01 PM
ProviderName : Service Control Manager
Id           : 7036
Message      : The Windows Update service entered the stopped state.

TimeCreated  : 5/10/2023 12:00:02 PM
ProviderName : Service Control Manager
Id           : 7036
Message      : The Windows Update service entered the running state.

"""
JUL = """Oct 10, 2023 1:02:03 PM org.acme.Server start
INFO: listening on port 8080
Oct 10, 2023 1:02:04 PM org.acme.Server handle
SEVERE: request failed
java.lang.IllegalStateException: closed
\tat org.acme.Server.handle(Server.java:17)
"""
SAMPLES = {
    "mysql": MYSQL, "mariadb": MARIADB, "dotnet": DOTNET, "wevtutil": WEVTUTIL, "viewer": VIEWER, "list": LISTED,
    "jul": JUL,
}  # fmt: skip


def read(write: Writer, text: str) -> LogTable:
    return read_log(write(*text.splitlines()))


def told(table: LogTable) -> list[tuple[str, str, str]]:
    return [
        (table.templates[t].text, Level(level).name, table.components[part] if part >= 0 else "")
        for t, level, part in zip(
            table.template.tolist(), table.level.tolist(), table.component.tolist(), strict=True
        )
    ]


def seconds(table: LogTable) -> list[float]:
    assert (table.time != NO_TIME).all()
    return [(at - int(table.time[0])) / 1e9 for at in table.time.tolist()]


def test_a_slow_query_is_one_record_with_its_statement(write: Writer) -> None:
    table = read(write, MYSQL)
    assert table.layout == "mysql-slow"
    assert table.line.tolist() == [1, 4, 12, 19]
    assert [component for *_, component in told(table)] == ["", "shop[shop]", "batch[batch]", "batch[batch]"]
    texts = [text for text, *_ in told(table)]
    assert texts[1] == texts[2]
    assert "WHERE" in texts[1]
    assert "17" not in texts[1]
    assert texts[3].startswith("UPDATE stock")
    assert np.diff(table.time[1:]).tolist() == [3_876_544_000, 1_000_000_000]


def test_a_slow_query_without_a_time_line_has_the_time_it_sets(write: Writer) -> None:
    table = read(write, MARIADB)
    assert table.line.tolist() == [1, 8]
    assert seconds(table) == [0, 2]
    assert {text for text, *_ in told(table)} == {"SELECT SLEEP(<*>);"}
    assert table.time[0] == 1_683_712_801_000_000_000, "the local time of day gives way to the epoch"


def test_the_dotnet_console_has_its_message_on_the_next_line(write: Writer) -> None:
    table = read(write, DOTNET)
    assert table.layout == "dotnet-console-head"
    assert told(table) == [
        ("Now listening on: <*>", "INFO", "Microsoft.Hosting.Lifetime"),
        ("Order <*> is late", "WARN", "Shop.Orders.OrderService"),
        ("Order <*> failed", "ERROR", "Shop.Orders.OrderService"),
        ("Now listening on: <*>", "INFO", "Microsoft.Hosting.Lifetime"),
    ]
    assert table.line.tolist() == [1, 3, 6, 11]
    assert table.id_values[int(table.ids[1])] == "6b1f9b24c0e1d4a7b3c2d1e0f9a8b7c6"
    (stack,) = table.stacks
    assert (stack.language, stack.exceptions) == ("dotnet", ("System.InvalidOperationException",))
    assert stack.frames == ("Shop.Orders.OrderService.Place", "Shop.Orders.OrderController.Post")


def test_what_a_program_prints_beside_the_dotnet_console_stays_its_own(write: Writer) -> None:
    lines = ["info: Shop.Orders[0]", "      order 17 taken", "plain words of standard output"]
    table = read_log(write(*lines * 10, "info: Shop.Orders[0]", "plain words of standard output"))
    assert table.records == 22
    assert "plain words of standard output" in {template.text for template in table.templates}
    assert told(table)[-2][0] == "info: Shop.Orders[<*>]", "a head without its message keeps what it says"


def test_what_a_program_prints_beside_java_util_logging_stays_its_own(write: Writer) -> None:
    table = read_log(write(*[*JUL.splitlines()[:2], "plain words of standard output"] * 10))
    assert table.records == 20
    assert {template.text for template in table.templates} == {
        "listening on port <*>",
        "plain words of standard output",
    }


def test_the_dotnet_console_inside_a_container_log(write: Writer) -> None:
    lines = [
        json.dumps({"log": line + "\n", "stream": "stdout", "time": f"2023-05-10T12:00:{n:02d}.5Z"})
        for n, line in enumerate(DOTNET.splitlines())
    ]
    table = read_log(write(*lines))
    assert told(table) == told(read(write, DOTNET))
    assert [stack.key for stack in table.stacks] == [stack.key for stack in read(write, DOTNET).stacks]
    assert seconds(table) == [0, 2, 5, 10]


def test_windows_events_as_text(write: Writer) -> None:
    table = read(write, WEVTUTIL)
    assert table.layout == "windows-event-text"
    assert told(table) == [
        ("Windows Installer removed the product. Product Name: Widget <*>.", "INFO", "MsiInstaller"),
        ("The Print Spooler service terminated unexpectedly.", "ERROR", "Service Control Manager"),
    ]
    assert seconds(table) == [0, 2]


def test_windows_events_copied_from_the_viewer(write: Writer) -> None:
    table = read(write, VIEWER)
    assert table.layout == "windows-event-text"
    assert [(text[:12], level, component) for text, level, component in told(table)] == [
        ("An account f", "INFO", "Microsoft-Windows-Security-Auditing"),
        ("The IO opera", "WARN", "disk"),
    ]
    assert seconds(table) == [0, 3]
    assert table.time[0] == np.datetime64("2023-05-10T13:00:01", "ns").astype(np.int64)


def test_windows_events_listed_by_the_shell(write: Writer) -> None:
    table = read(write, LISTED)
    assert [component for *_, component in told(table)][-2:] == ["Service Control Manager"] * 2
    assert table.templates[int(table.template[-1])].text.startswith("The Windows Update service entered the")
    assert table.time[-1] - table.time[-2] == 1_000_000_000


def test_java_util_logging_says_its_level_on_the_second_line(write: Writer) -> None:
    table = read(write, JUL)
    assert told(table) == [
        ("listening on port <*>", "INFO", "org.acme.Server"),
        ("request failed", "ERROR", "org.acme.Server"),
    ]
    assert [stack.exceptions for stack in table.stacks] == [("java.lang.IllegalStateException",)]


@pytest.mark.parametrize("name", SAMPLES)
def test_heads_are_the_same_however_the_file_is_cut(name: str, write: Writer) -> None:
    path = write(*(SAMPLES[name] * 3).splitlines())
    file = Mapped(path)
    plan = detect(file.data, file.size)
    whole = scan(file, plan)
    for cut in range(1, file.size):
        parts = merge_all([scan(file, plan, 0, cut), scan(file, plan, cut)])
        for field in fields(Partial):
            one, two = getattr(whole, field.name), getattr(parts, field.name)
            if field.name == "tally":
                one, two = one[:6], two[:6]
            assert np.array_equal(one, two), (field.name, cut)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_cut_anywhere_keeps_its_lines(name: str, write: Writer, tmp_path: Path) -> None:
    raw = SAMPLES[name].encode()
    for stop in range(1, len(raw), 7):
        path = tmp_path / "cut.log"
        path.write_bytes(raw[:stop])
        assert read_log(path).lines == len(raw[:stop].splitlines())


def test_a_word_below_that_is_none_is_refused() -> None:
    with pytest.raises(LayoutError, match="'sideways' is none of indented, line, text"):
        parsed("name: x\ntitle: x\npattern: '{level}'\nbelow: sideways")
