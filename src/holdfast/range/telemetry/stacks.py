"""Renders a really raised exception as the stack trace of the language a component pretends to be in."""

import traceback
from collections.abc import Callable
from pathlib import PurePath

JAVA_NAMES = {
    "KeyError": "java.util.NoSuchElementException",
    "AttributeError": "java.lang.NullPointerException",
    "TypeError": "java.lang.ClassCastException",
    "ValueError": "java.lang.IllegalArgumentException",
    "ZeroDivisionError": "java.lang.ArithmeticException",
    "IndexError": "java.lang.IndexOutOfBoundsException",
    "OSError": "java.io.IOException",
}


def _frames(error: BaseException) -> list[tuple[str, str, int]]:
    """Module stem, function and line of each frame, outermost first."""
    return [
        (PurePath(f.filename).stem, f.name, f.lineno or 0) for f in traceback.extract_tb(error.__traceback__)
    ]


def python_stack(error: BaseException, component: str) -> str:
    lines = ["Traceback (most recent call last):"]
    for frame in traceback.extract_tb(error.__traceback__):
        place = f"/srv/{component}/{PurePath(frame.filename).name}"
        lines.append(f'  File "{place}", line {frame.lineno}, in {frame.name}')
        if frame.line:
            lines.append(f"    {frame.line}")
    return "\n".join([*lines, f"{type(error).__name__}: {error}"])


def java_stack(error: BaseException, component: str) -> str:
    package = f"com.example.{component.replace('-', '')}"
    name = JAVA_NAMES.get(type(error).__name__, f"{package}.{type(error).__name__}")
    frames = reversed(_frames(error))
    lines = [f"\tat {package}.{m.title()}.{f.strip('_')}({m.title()}.java:{n})" for m, f, n in frames]
    return "\n".join([f"{name}: {error}", *lines])


def go_stack(error: BaseException, component: str) -> str:
    lines = [f"panic: {error}", "", "goroutine 41 [running]:"]
    for module, function, line in reversed(_frames(error)):
        lines += [f"{component}/internal/{module}.{function}(...)", f"\t/src/{component}/{module}.go:{line}"]
    return "\n".join(lines)


def node_stack(error: BaseException, component: str) -> str:
    frames = reversed(_frames(error))
    lines = [f"    at {f} (/app/{component}/dist/{m}.js:{n}:17)" for m, f, n in frames]
    return "\n".join([f"{type(error).__name__}: {error}", *lines])


def dotnet_stack(error: BaseException, component: str) -> str:
    space = component.replace("-", " ").title().replace(" ", "")
    frames = reversed(_frames(error))
    lines = [f"   at {space}.{m.title()}.{f}() in /src/{space}/{m.title()}.cs:line {n}" for m, f, n in frames]
    return "\n".join([f"System.{type(error).__name__.replace('Error', 'Exception')}: {error}", *lines])


STACKS: dict[str, Callable[[BaseException, str], str]] = {
    "python": python_stack,
    "java": java_stack,
    "go": go_stack,
    "node": node_stack,
    "dotnet": dotnet_stack,
}
