"""How a record is written: one function per logging layout met in the field.

A layout turns a `Record` into the text of one event, which may span lines (stack traces).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

LEVELS = ("debug", "info", "warning", "error", "fatal")


@dataclass(frozen=True)
class Record:
    """One event: epoch seconds, level of `LEVELS`, who, where, what and with which ids."""

    time: float
    level: str
    logger: str
    message: str
    component: str
    node: str
    pid: int
    thread: str
    fields: dict[str, Any] = field(default_factory=dict)
    stack: str = ""
    zone_minutes: int = 0

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.time, timezone(timedelta(minutes=self.zone_minutes)))


def _iso(moment: datetime, places: int = 3) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[: places - 6 or None] + "Z"


def _millis(moment: datetime, point: str = ".") -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S") + f"{point}{moment.microsecond // 1000:03d}"


def _tail(record: Record, *names: str) -> str:
    return "".join(f" {name}={record.fields[name]}" for name in names if name in record.fields)


def json_lines(record: Record) -> str:
    body: dict[str, Any] = {
        "timestamp": _iso(record.moment(), 6),
        "level": record.level,
        "service": record.component,
        "logger": record.logger,
        "message": record.message,
        **record.fields,
    }
    return json.dumps(body | ({"stack_trace": record.stack} if record.stack else {}))


def pino(record: Record) -> str:
    body: dict[str, Any] = {
        "level": {"debug": 20, "info": 30, "warning": 40, "error": 50, "fatal": 60}[record.level],
        "time": int(record.time * 1000),
        "pid": record.pid,
        "hostname": record.node,
        "reqId": record.fields.get("request_id", "-"),
    }
    if record.stack:
        body["err"] = {"stack": record.stack}
    return json.dumps(body | {"msg": record.message}, separators=(",", ":"))


def logfmt(record: Record) -> str:
    level = {"warning": "warn"}.get(record.level, record.level)
    head = f"ts={_iso(record.moment())} level={level} caller={record.logger} msg={json.dumps(record.message)}"
    stack = f" stack={json.dumps(record.stack)}" if record.stack else ""
    return head + _tail(record, "trace_id", "request_id") + stack


def python(record: Record) -> str:
    level, request = record.level.upper().replace("FATAL", "CRITICAL"), record.fields.get("request_id", "-")
    head = f"{_millis(record.moment(), ',')} {level} [{record.logger}] [{request}] {record.message}"
    return head + (f"\n{record.stack}" if record.stack else "")


def spring(record: Record) -> str:
    level = {"warning": "WARN"}.get(record.level, record.level.upper())
    ids = f"[{record.component},{record.fields.get('trace_id', '')},{record.fields.get('span_id', '')}]"
    head = f"{_millis(record.moment())} {level:>5} {ids} {record.pid} ---"
    head += f" [{record.thread:>15}] {record.logger:<40}"
    return f"{head} : {record.message}" + (f"\n\n{record.stack}" if record.stack else "")


def log4j(record: Record) -> str:
    level = {"warning": "WARN"}.get(record.level, record.level.upper())
    moment = record.moment().strftime("%H:%M:%S.") + f"{record.moment().microsecond // 1000:03d}"
    ids = f"TraceID: {record.fields.get('trace_id', '-')} SpanID: {record.fields.get('span_id', '-')}"
    head = f"{moment} [{record.thread}] {level:<5} {record.logger} {ids} - {record.message}"
    return head + (f"\n{record.stack}" if record.stack else "")


def klog(record: Record) -> str:
    letter = {"debug": "I", "info": "I", "warning": "W", "error": "E", "fatal": "F"}[record.level]
    stamp = record.moment().strftime("%m%d %H:%M:%S.%f")
    head = f"{letter}{stamp} {record.pid:7d} {record.logger}] {record.message}{_tail(record, 'request_id')}"
    return head + (f"\n{record.stack}" if record.stack else "")


def zap(record: Record) -> str:
    level = {"warning": "WARN"}.get(record.level, record.level.upper())
    ids = {k: v for k, v in record.fields.items() if k in ("trace_id", "request_id")}
    columns = [
        _iso(record.moment()),
        level,
        record.logger,
        record.message,
        *([json.dumps(ids)] if ids else []),
    ]
    return "\t".join(columns) + (f"\n{record.stack}" if record.stack else "")


def syslog(record: Record) -> str:
    head = f"{record.moment().strftime('%b %e %H:%M:%S')} {record.node} {record.component}[{record.pid}]:"
    level = {"info": "", "debug": "debug: "}.get(record.level, f"{record.level}: ")
    lines = [level + record.message + _tail(record, "request_id"), *record.stack.splitlines()]
    return "\n".join(f"{head} {line}" for line in lines)


def syslog5424(record: Record) -> str:
    priority = 16 * 8 + {"debug": 7, "info": 6, "warning": 4, "error": 3, "fatal": 2}[record.level]
    trace = record.fields.get("trace_id")
    data = f'[ctx@32473 trace="{trace}"]' if trace else "-"
    head = f"<{priority}>1 {_iso(record.moment(), 6)} {record.node} {record.component} {record.pid} - {data}"
    return f"{head} {record.message}" + record.stack.replace("\n", "#012")


def serilog(record: Record) -> str:
    level = {"debug": "DBG", "info": "INF", "warning": "WRN", "error": "ERR", "fatal": "FTL"}[record.level]
    moment = record.moment().strftime("%z")
    head = f"{_millis(record.moment())} {moment[:3]}:{moment[3:]} [{level}] {record.message}"
    request = _tail(record, "request_id").strip()
    return head + (f" {{{request}}}" if request else "") + (f"\n{record.stack}" if record.stack else "")


def winston(record: Record) -> str:
    level = {"warning": "warn"}.get(record.level, record.level)
    head = f"[{_iso(record.moment())}] {level}: {record.message}{_tail(record, 'trace_id')}"
    return head + (f"\n{record.stack}" if record.stack else "")


def nginx(record: Record) -> str:
    if record.logger == "access":
        return record.message
    level = {"warning": "warn", "info": "notice", "fatal": "emerg"}.get(record.level, record.level)
    stamp = record.moment().strftime("%Y/%m/%d %H:%M:%S")
    return f"{stamp} [{level}] {record.pid}#{record.pid}: {record.message}"


def postgresql(record: Record) -> str:
    level = {"info": "LOG", "debug": "DEBUG"}.get(record.level, record.level.upper())
    session = record.fields.get("session", record.pid)
    who = f" {record.fields['user']}@{record.fields['user']}" if "user" in record.fields else ""
    head = f"{_millis(record.moment())} UTC [{session}]{who} {level}:  {record.message}"
    return head + (f"\n{record.stack}" if record.stack else "")


def redis(record: Record) -> str:
    mark = {"debug": ".", "info": "*", "warning": "#", "error": "#", "fatal": "#"}[record.level]
    moment = record.moment()
    stamp = moment.strftime("%d %b %Y %H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
    return f"{record.pid}:M {stamp} {mark} {record.message}"


def rabbitmq(record: Record) -> str:
    session = record.fields.get("session", 222)
    stamp = record.moment().isoformat(sep=" ", timespec="microseconds")
    return f"{stamp} [{record.level}] <0.{session}.0> {record.message}"


def coredns(record: Record) -> str:
    return f"[{record.level.upper()}] {record.message}"


LAYOUTS: dict[str, Callable[[Record], str]] = {
    layout.__name__: layout
    for layout in (
        json_lines, pino, logfmt, python, spring, log4j, klog, zap, syslog, syslog5424, serilog, winston,
        nginx, postgresql, redis, rabbitmq, coredns,
    )
}  # fmt: skip


def in_container(text: str, record: Record, runtime: str) -> str:
    """The text as the container runtime stores it: `docker` json-file, `cri`, or `none`."""
    stream = "stderr" if record.level in ("error", "fatal") else "stdout"
    stamp = _iso(datetime.fromtimestamp(record.time, UTC), 6)[:-1] + "000Z"
    lines = text.split("\n")
    if runtime == "docker":
        return "\n".join(json.dumps({"log": line + "\n", "stream": stream, "time": stamp}) for line in lines)
    if runtime == "cri":
        return "\n".join(f"{stamp} {stream} F {line}" for line in lines)
    return text
