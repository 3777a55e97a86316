"""Kernels that tell what a line is: the start of a record, more of its head, or the rest of the one above."""

from holdfast.diagnostics.logs.continuing import continuation_shape
from holdfast.diagnostics.logs.keyed import R_ESCAPED, R_ID, R_ID_RANK, R_KEYS, R_LEVEL, R_MESSAGE, R_STACK
from holdfast.diagnostics.logs.lanes import next_byte
from holdfast.diagnostics.logs.matching import R_COMPONENT, R_LOCATION, X_LIMIT
from holdfast.diagnostics.logs.memory import byte_at, get, put
from holdfast.diagnostics.logs.opcodes import MAX_HASHED, REGISTERS, Ctx, Form, Reg
from holdfast.diagnostics.logs.scanning import R_PARTIAL, run
from holdfast.diagnostics.logs.shapes import read
from holdfast.diagnostics.logs.times import C_ABSOLUTE, C_TIME, C_ZONE, R_CLOCK, R_ZONE
from holdfast.kernels import inlined, kernel

INNERS = 16  # layout code = outer * INNERS + inner + 1
MOST_HEAD_LINES = 64
LINE, WRAPPER, JSON_WRAPPER = int(Form.LINE), int(Form.WRAPPER), int(Form.JSON_WRAPPER)
HEAD, HEAD_TEXT, HEAD_INDENTED = int(Form.HEAD), int(Form.HEAD_TEXT), int(Form.HEAD_INDENTED)
R_CONTEXT = int(Reg.CONTEXT)
X_BOUNDS, X_OUTERS, X_ALL = int(Ctx.BOUNDS), int(Ctx.OUTERS), int(Ctx.ALL)
X_MORE, X_LOOSE = int(Ctx.MORE), int(Ctx.LOOSE)


@inlined
def trimmed(start: int, end: int, escaped: int) -> int:
    """End of a message without trailing blanks, NULs and escaped newlines."""
    while end > start:
        last = byte_at(end - 1)
        if last == 32 or last == 13 or last == 0 or last == 9:
            end -= 1
        elif escaped and end - 2 >= start and byte_at(end - 2) == 92 and (last == 110 or last == 114):
            end -= 2
        else:
            break
    return end


@inlined
def copy_span(source: int, target: int, reg: int) -> None:
    if get(source, reg + 1):
        put(target, reg, get(source, reg))
        put(target, reg + 1, get(source, reg + 1))


@kernel
def adopt(regs: int, inner: int) -> None:
    """The inner layout names message, level and component; the wrapper's clock stays when it has one."""
    put(regs, R_LOCATION + 1, 0)
    for reg in (R_MESSAGE, R_LOCATION, R_COMPONENT, R_ID, R_STACK, R_CONTEXT):
        copy_span(inner, regs, reg)
    if get(inner, R_LEVEL):
        put(regs, R_LEVEL, get(inner, R_LEVEL))
    put(regs, R_ID_RANK, max(get(regs, R_ID_RANK), get(inner, R_ID_RANK)))
    put(regs, R_KEYS, get(inner, R_KEYS))
    if not get(regs, R_CLOCK) & (C_TIME | C_ABSOLUTE):
        for reg in range(R_ZONE + 1):
            put(regs, reg, get(inner, reg))


@kernel
def unwrap(ctx: int, outer: int, form: int, regs: int, inner: int) -> int:
    """Layout code of a wrapped line after trying the inner layouts on its text; -1 for a continuation."""
    outers = get(ctx, X_OUTERS)
    escaped, start, uncut = get(regs, R_ESCAPED), get(regs, R_MESSAGE), get(regs, R_MESSAGE + 1)
    stop = trimmed(start, uncut, escaped)
    if escaped and form == JSON_WRAPPER:
        put(regs, R_PARTIAL, 1 if stop == uncut else 0)
    put(regs, R_MESSAGE + 1, stop)
    for index in range(outers, get(ctx, X_ALL)):
        if read(ctx, index, start, stop, inner):
            adopt(regs, inner)
            return outer * INNERS + index - outers + 1
    return -1 if continuation_shape(start, stop, get(ctx, X_LIMIT)) else outer * INNERS


@kernel
def classify(ctx: int, pos: int, end: int, regs: int, inner: int) -> int:
    """Layout code of a line that starts a record, or -1 for a continuation; registers are filled."""
    bounds, outers = get(ctx, X_BOUNDS), get(ctx, X_OUTERS)
    for outer in range(outers):
        if read(ctx, outer, pos, end, regs):
            form = get(bounds, outer * 3 + 2)
            wraps = form in (WRAPPER, JSON_WRAPPER)
            return unwrap(ctx, outer, form, regs, inner) if wraps else outer * INNERS
    for index in range(REGISTERS):
        put(regs, index, 0)
    put(regs, R_MESSAGE, pos)
    put(regs, R_MESSAGE + 1, end)
    return (
        outers * INNERS if get(ctx, X_LOOSE) and not continuation_shape(pos, end, get(ctx, X_LIMIT)) else -1
    )


@kernel
def form_of(ctx: int, code: int) -> int:
    """Form of a record's first line, by its layout code."""
    outers = get(ctx, X_OUTERS)
    outer, inner = code // INNERS, code % INNERS
    if outer >= outers:
        return LINE
    return get(get(ctx, X_BOUNDS), (outers + inner - 1 if inner else outer) * 3 + 2)


@kernel
def text_of(ctx: int, code: int, pos: int, eol: int, regs: int) -> bool:
    """Whether a line may belong to a record with this code; its text, out of the wrapper, is the message."""
    if code % INNERS:
        if not read(ctx, code // INNERS, pos, eol, regs):
            return False
        pos, eol = get(regs, R_MESSAGE), get(regs, R_MESSAGE + 1)
    else:
        put(regs, R_ESCAPED, 0)
    put(regs, R_MESSAGE, pos)
    put(regs, R_MESSAGE + 1, trimmed(pos, eol, get(regs, R_ESCAPED)))
    return True


@kernel
def take_more(ctx: int, regs: int, other: int) -> bool:
    """Whether the text in `other` is more of a head; what it tells and the head did not goes into `regs`."""
    start, stop = get(other, R_MESSAGE), get(other, R_MESSAGE + 1)
    bounds, index, most = get(ctx, X_BOUNDS), get(ctx, X_ALL), get(ctx, X_MORE)
    while index < most and not run(
        ctx, get(bounds, index * 3), get(bounds, index * 3 + 1), start, stop, other
    ):
        index += 1
    if index == most:
        return False
    if get(other, R_MESSAGE) > start and get(other, R_MESSAGE + 1) > get(other, R_MESSAGE):
        copy_span(other, regs, R_MESSAGE)
    for reg in (R_COMPONENT, R_ID, R_CONTEXT):
        copy_span(other, regs, reg)
    put(regs, R_ID_RANK, max(get(regs, R_ID_RANK), get(other, R_ID_RANK)))
    if get(other, R_LEVEL):
        put(regs, R_LEVEL, get(other, R_LEVEL))
    clock, own = get(other, R_CLOCK), get(regs, R_CLOCK)
    if clock & (C_TIME | C_ABSOLUTE) and not (own & (C_TIME | C_ABSOLUTE) and own & C_ZONE):
        for reg in range(R_ZONE + 1):
            put(regs, reg, get(other, reg))
    return True


@kernel
def opens_record(ctx: int, code: int, start: int, stop: int, regs: int) -> bool:
    """Whether a text is the first line of a record of the file, or of what is wrapped in it."""
    bounds, outers = get(ctx, X_BOUNDS), get(ctx, X_OUTERS)
    first, last = (outers, get(ctx, X_ALL)) if code % INNERS else (0, outers)
    for index in range(first, last):
        if run(ctx, get(bounds, index * 3), get(bounds, index * 3 + 1), start, stop, regs):
            return True
    return False


@kernel
def read_head(ctx: int, code: int, begin: int, end_of_file: int, regs: int) -> int:
    """Read the lines of a head below its first and the message under them; the address past what was taken.

    Each line is looked at here once: what is taken is passed over afterwards.
    """
    other, pos, taken = regs + 2 * REGISTERS * 8, begin, 0
    while pos < end_of_file and taken < MOST_HEAD_LINES:
        eol = next_byte(pos, end_of_file, 10)
        if not text_of(ctx, code, pos, eol, other):
            break
        if get(other, R_MESSAGE) < get(other, R_MESSAGE + 1) and not take_more(ctx, regs, other):
            break
        pos, taken = eol + 1, taken + 1
    form = form_of(ctx, code)
    if form == HEAD or get(regs, R_MESSAGE) >= begin:
        return pos
    first, last = 0, 0
    while pos < end_of_file and last - first <= MAX_HASHED:
        eol = next_byte(pos, end_of_file, 10)
        if not text_of(ctx, code, pos, eol, other):
            break
        start, stop = get(other, R_MESSAGE), get(other, R_MESSAGE + 1)
        if start < stop and form == HEAD_INDENTED and not continuation_shape(start, stop, get(ctx, X_LIMIT)):
            break
        if start < stop and opens_record(ctx, code, start, stop, other):
            break
        if start < stop:
            first, last = first if first else start, stop
        pos = eol + 1
        if first and (form != HEAD_TEXT or code % INNERS):
            break
    if first:
        put(regs, R_MESSAGE, first)
        put(regs, R_MESSAGE + 1, last)
    return pos


__all__ = ["HEAD", "INNERS", "classify", "form_of", "read_head", "trimmed"]
