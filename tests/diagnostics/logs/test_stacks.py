"""Stack traces of six languages, grouped without line numbers and generated names."""

# ruff: noqa: E501 tables read better on long lines

import pytest

from holdfast.diagnostics.logs.stacks import parse_trace

TRACES = {
    "java": (
        "Exception in thread \"main\" java.lang.RuntimeException: a\n\tat a.b.C$$Lambda$12/0x1.run(C.java:9)\n"
        "\tat java.base/java.util.List.of(List.java:1)\nCaused by: java.io.IOException: b\n\tat a.D.read(D.java:3)\n\t... 7 more",
        ("java.lang.RuntimeException", "java.io.IOException"),
        3,
    ),
    "python": (
        'Traceback (most recent call last):\n  File "/srv/app/main.py", line 10, in <module>\n    run()\n'
        '  File "/srv/app/work.py", line 3, in run\n    1 / 0\nZeroDivisionError: division by zero',
        ("ZeroDivisionError",),
        2,
    ),
    "go": (
        "panic: runtime error: index out of range [5]\n\ngoroutine 1 [running]:\nmain.work(0x1, 0x2)\n\t/src/main.go:12 +0x1d\n"
        "main.main()\n\t/src/main.go:5 +0x20\nexit status 2",
        ("panic",),
        2,
    ),
    "dotnet": (
        "System.InvalidOperationException: no\n ---> System.TimeoutException: t\n   at Acme.Db.Query(String sql) in /src/Db.cs:line 4\n"
        "   at Acme.Api.<Get>d__3.MoveNext()",
        ("System.InvalidOperationException", "System.TimeoutException"),
        2,
    ),
    "node": (
        "TypeError: Cannot read properties of undefined\n    at handle (/app/src/order.js:12:5)\n    at async /app/src/main.js:3:1\n"
        "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
        ("TypeError",),
        2,
    ),
    "ruby": (
        "app.rb:3:in `divide': divided by 0 (ZeroDivisionError)\n\tfrom app.rb:7:in `run'\n\tfrom app.rb:9:in `<main>'",
        (),
        3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", TRACES)
def test_a_trace_is_read(language: str) -> None:
    text, exceptions, frames = TRACES[language]
    trace = parse_trace(text.split("\n"))
    assert trace is not None
    assert trace.language == language
    assert trace.exceptions == exceptions
    assert len(trace.frames) >= frames


@pytest.mark.parametrize("language", TRACES)
def test_line_numbers_do_not_matter(language: str) -> None:
    text = TRACES[language][0]
    moved = (
        text.replace(":9)", ":99)")
        .replace("line 10", "line 11")
        .replace(":12", ":13")
        .replace("line 4", "line 5")
        .replace(":7:", ":8:")
    )
    one, two = parse_trace(text.split("\n")), parse_trace(moved.split("\n"))
    assert one is not None
    assert two is not None
    assert one.key == two.key


def test_words_are_no_trace() -> None:
    assert parse_trace(["all is well", "at noon"]) is None
