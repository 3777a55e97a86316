"""What logs of whole systems promise: records kept apart, levels and ids found wherever they stand."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.diagnostics.logs import NO_TIME, Level, LogTable, read_log

Writer = Callable[..., Path]
TRACE = "91e7c8bb710d9761faa1b61cbe33418b"


def levels(table: LogTable) -> list[str]:
    return [Level(level).name for level in table.level]


def ids(table: LogTable) -> list[str | None]:
    return [table.id_values[int(number)] if number >= 0 else None for number in table.ids]


def docker(text: str, second: int) -> str:
    return json.dumps(
        {"log": text + "\n", "stream": "stdout", "time": f"2026-01-29T10:55:{second:02d}.386701366Z"}
    )


def test_a_whole_cri_line_is_a_record_with_the_level_its_text_begins_with(write: Writer) -> None:
    lines = []
    for n in range(20):
        stamp = f"2026-01-24T15:32:{n:02d}.113457000Z stdout F"
        lines.append(
            f'{stamp} [INFO] 127.0.0.1:4{n} - {n} "A IN db.internal. udp 22 false 512" NOERROR 62 0.0002s'
        )
        lines.append(f"{stamp} [ERROR] plugin/errors: {n} db.internal. A: read udp 10.0.0.1:{n}: i/o timeout")
    table = read_log(write(*lines))
    assert table.records == 40
    assert levels(table) == ["INFO", "ERROR"] * 20


def test_stack_lines_inside_cri_lines_still_join(write: Writer) -> None:
    stamp = "2026-01-24T15:32:12.113457000Z stderr F"
    lines = [f"{stamp} [ERROR] failed", f"{stamp} Traceback (most recent call last):"]
    lines += [f'{stamp}   File "/srv/a.py", line 3, in run', f"{stamp} KeyError: 'x'"]
    assert read_log(write(*lines * 10)).records == 10


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("warning: relay refused the mail", "WARN"),
        ("ERROR no such table", "ERROR"),
        ("<debug> entered", "DEBUG"),
        ("error budget is spent", "UNKNOWN"),
        ("config: 3 files", "UNKNOWN"),
        ("Information desk moved", "UNKNOWN"),
    ],
)
def test_a_level_word_counts_only_where_a_message_states_it(write: Writer, text: str, wanted: str) -> None:
    lines = [f"Nov 24 15:38:{n:02d} lynx mailer[16768]: {text}" for n in range(10)]
    lines += [
        f"Nov 24 15:39:{n:02d} lynx mailer[16768]: delivery note for parcel {n} sent" for n in range(40)
    ]
    table = read_log(write(*lines))
    assert levels(table)[0] == wanted
    assert levels(table)[-1] == "UNKNOWN"


def test_json_inside_a_docker_line_is_unwrapped(write: Writer) -> None:
    def line(n: int) -> str:
        text = {"level": 40 if n % 2 else 30, "time": 1795534163227 + n, "pid": 7, "hostname": "node-1"}
        text |= {"reqId": f"43a81a12{n:04x}", "msg": f'GET "/products/{n}" took {n} ms'}
        return docker(json.dumps(text, separators=(",", ":")), n)

    table = read_log(write(*[line(n) for n in range(20)]))
    assert table.layout == "docker-json/json-bunyan"
    assert levels(table) == ["INFO", "WARN"] * 10
    assert ids(table)[3] == "43a81a120003"
    assert [template.count for template in table.templates] == [20]
    assert table.templates[0].text.startswith("GET")


def test_a_stack_inside_json_inside_a_docker_line_is_read(write: Writer) -> None:
    stack = "TypeError: x is undefined\n    at pay (/srv/pay.js:10:3)\n    at run (/srv/run.js:2:1)"

    def line(n: int) -> str:
        text = {"level": 50, "time": 1795534163227 + n, "pid": 7, "hostname": "h", "msg": "payment failed"}
        return docker(json.dumps(text | {"err": {"type": "TypeError", "stack": stack}}), n)

    table = read_log(write(*[line(n) for n in range(10)]))
    assert [(found.language, found.count, len(found.frames)) for found in table.stacks] == [("node", 10, 2)]


def test_a_bracketed_winston_line_inside_docker_is_read(write: Writer) -> None:
    lines = [
        docker(f"[2026-01-29T10:55:{n:02d}.016Z] {'info' if n % 2 else 'warn'}: scan {n}", n)
        for n in range(20)
    ]
    table = read_log(write(*lines))
    assert levels(table) == ["WARN", "INFO"] * 10
    assert [template.text for template in table.templates] == ["scan <*>"]


def test_an_id_column_of_the_header_is_no_part_of_the_message(write: Writer) -> None:
    lines = [
        f"2026-01-24 17:29:{n:02d},222 INFO [accounts.api] [{f'd2a0473d0c{n:02d}' if n % 2 else '-'}] profile read"
        for n in range(20)
    ]
    table = read_log(write(*lines))
    assert [template.text for template in table.templates] == ["profile read"]
    assert ids(table)[:2] == [None, "d2a0473d0c01"]
    assert table.components == ("accounts.api",)


def test_the_trace_id_of_a_spring_header_is_found(write: Writer) -> None:
    lines = [
        f"2026-01-24 15:29:{n:02d}.303  INFO [orders,{TRACE if n else ''},{'b4129bae0eec027d' if n else ''}] 13673 "
        f"--- [   http-exec-{n}] c.e.orders.OrderController  : Order {n} displayed"
        for n in range(20)
    ]
    table = read_log(write(*lines))
    assert ids(table)[:2] == [None, TRACE]
    assert [template.text for template in table.templates] == ["Order <*> displayed"]


def test_structured_data_of_syslog_gives_the_id_and_the_text_after_it(write: Writer) -> None:
    lines = [
        f'<134>1 2026-01-24T15:38:{n:02d}.5Z bear tracking 16762 - [ctx@32473 trace="{TRACE}"] tracked {n}'
        for n in range(20)
    ]
    table = read_log(write(*lines))
    assert table.records == 20
    assert set(ids(table)) == {TRACE}
    assert [template.text for template in table.templates] == ["tracked <*>"]


def test_the_request_id_of_an_access_line_is_found(write: Writer) -> None:
    lines = [
        f'203.0.113.{n} - - [24/Jan/2026:15:29:{n:02d} +0000] "GET /a HTTP/1.1" 200 9 "-" "X/5" rid=d2a0473d0c{n:02d}'
        for n in range(20)
    ]
    assert ids(read_log(write(*lines)))[5] == "d2a0473d0c05"


def test_postgresql_lines_with_and_without_a_user_are_one_layout(write: Writer) -> None:
    lines = []
    for n in range(20):
        stamp = f"2026-01-24 16:08:{n:02d}.530 UTC [6468]"
        lines += [
            f"{stamp} LOG:  checkpoint complete: wrote {n} buffers",
            f"{stamp} app@shop ERROR:  timeout",
        ]
        lines += ["\tSTATEMENT:  SELECT * FROM lanes"]
    table = read_log(write(*lines))
    assert table.layout == "postgresql"
    assert levels(table) == ["INFO", "ERROR"] * 20


def test_a_go_panic_joins_the_record_above(write: Writer) -> None:
    lines = []
    for n in range(20):
        lines.append(f"E0124 15:44:{n:02d}.540214   19787 lane.go:203] Could not process message {n}")
        lines += [
            "panic: could not convert",
            "",
            "goroutine 41 [running]:",
            "sorter/internal/app._decode(...)",
        ]
        lines += ["\t/src/sorter/app.go:293", "main.main()", "\t/src/main.go:3", "created by main.start"]
    table = read_log(write(*lines))
    assert table.records == 20
    assert (table.time != NO_TIME).all()
    assert [(stack.language, stack.count) for stack in table.stacks] == [("go", 20)]
