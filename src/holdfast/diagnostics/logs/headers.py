"""Learning an unknown header: leading columns that keep one shape down the file.

The result is a layout like those of the data files, so an unknown log is scanned as fast as a known one.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from holdfast.diagnostics.logs.layouts import SHARED_LEVELS, Layout

MOST_COLUMNS = 14
AGREE = 0.95  # share of lines that must fit a column
TIMES = (
    "%i",
    "%Y-%m-%d-%H.%M.%S%f",
    "%a %b %d %H:%M:%S%f %Y",
    "%d/%b/%Y:%H:%M:%S%z",
    "%b %d, %Y %H:%M:%S %p",
    "%d %b %Y %H:%M:%S%f",
    "%b %d %H:%M:%S%f",
    "%m/%d/%Y %H:%M:%S %p",
    "%m/%d/%Y %H:%M:%S%f",
    "%d.%m.%Y %H:%M:%S%f",
    "%Y%m%d-%H:%M:%S%f",
    "%Y%m%d %H:%M:%S%f",
    "%y/%m/%d %H:%M:%S%f",
    "%y%m%d %H:%M:%S%f",
    "%m/%d %H:%M:%S%f",
    "%m-%d %H:%M:%S%f",
    "%m.%d %H:%M:%S%f",
    "%s",
    "%H:%M:%S%f",
)
SHAPES = {
    "Y": r"\d{4}", "y": r"\d\d", "m": r"\d\d?", "b": r"[A-Z][a-z]{2}", "d": r" ?\d\d?", "H": r"\d\d?",
    "M": r"\d\d",
    "S": r"\d\d", "f": r"(?:[.,:]\d{1,9})?", "z": r"(?: ?(?:Z|[+-]\d\d:?\d\d|UTC|GMT))?", "p": r"[AaPp][Mm]",
    "a": r"[A-Z][a-z]{2,8}", "s": r"1[0-9]{9}(?:\.\d{1,9}|\d{3}|\d{6}|\d{9})?(?![\w.])",
    "i": r"\d{4}([-/.])\d\d\1\d\d[T _:]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d)?",
}  # fmt: skip
LOCATION = re.compile(r"^[\w.$/<>()-]+[#:@]\d+[\])]?$")
QUALIFIED = re.compile(r"^[A-Za-z_$][\w$]*(?:\.[\w$<>-]+)+:?$")
UNIT = re.compile(r"^[^\s\[\]:=]+(?:\[\w+\])?:$")


def time_shape(time_format: str) -> re.Pattern[str]:
    """Regular expression of a time format."""
    return re.compile(
        re.sub(
            r"%(\w)|(.)",
            lambda m: SHAPES[m[1]] if m[1] else re.escape(m[2]).replace("\\ ", " +"),
            time_format,
        )
    )


def learn(lines: Sequence[str]) -> Layout | None:
    """A layout for lines whose header no data file knows, or None when they have no header."""
    rests = [line.strip("\r\n") for line in lines if line.strip()]
    pieces: list[str] = []
    time_format = ""
    while rests and len(pieces) < MOST_COLUMNS:
        if not time_format and (found := _time_column(rests)):
            piece, time_format, rests = found
        elif column := _column(rests, bool(time_format)):
            piece, rests = column
        else:
            break
        pieces.append(piece)
    if not pieces or not any(
        field in "".join(pieces) for field in ("{time}", "{level}", "{component", "{location")
    ):
        return None
    return Layout(
        "learned",
        "Header learned from the file",
        (" ".join([*pieces, "{message}"]),),
        (time_format,) if time_format else (),
    )


def _time_column(rests: Sequence[str]) -> tuple[str, str, list[str]] | None:
    """The time format that the lines start with, perhaps in brackets; the longest match wins."""
    best: tuple[int, str, str, list[str]] | None = None
    for time_format in TIMES:
        shape = time_shape(time_format)
        for opening, closing in (
            ("", ""),
            ("[", "]"),
            ("(", ")"),
            ("<", ">"),
            ("", ","),
            ("", ":"),
            ("", " -"),
            ("", "|"),
        ):
            matches = [
                shape.match(rest, len(opening)) if rest.startswith(opening) else None for rest in rests
            ]
            kept = [(rest, match.end()) for rest, match in zip(rests, matches, strict=True) if match]
            fit = [rest[end + len(closing) :] for rest, end in kept if rest.startswith(closing, end)]
            length = kept[0][1] if kept else 0
            fits = len(fit) >= AGREE * len(rests) and all(rest[:1] in {"", " ", "\t"} for rest in fit)
            if fits and (best is None or length + len(closing) > best[0]):
                piece = f"{opening}{{time}}{closing}"
                best = (length + len(closing), piece, time_format, [rest.lstrip() for rest in fit])
    return best[1:] if best else None


def _column(rests: Sequence[str], timed: bool) -> tuple[str, list[str]] | None:
    """The next blank-delimited column when it belongs to the header, and what follows it."""
    split = [rest.split(None, 1) for rest in rests]
    tokens = [parts[0] for parts in split if parts]
    if len(tokens) < len(rests) * AGREE:
        return None
    following = [parts[1] if len(parts) > 1 else "" for parts in split if parts]
    if sum(1 for rest in following if rest) < len(rests) * AGREE:
        return None
    piece = _piece(tokens, timed)
    return (piece, following) if piece else None


def _piece(tokens: Sequence[str], timed: bool) -> str:
    """Pattern of a header column, or nothing when it looks like the start of the message."""
    if level := _level_piece(tokens):
        return level
    if _share(tokens, lambda token: bool(UNIT.match(token))):
        return "{component:unit}{?[{pid:word}]?}:"
    if _share(tokens, lambda token: bool(LOCATION.match(token.rstrip(":-")))):
        return "{location:word}"
    if _share(tokens, lambda token: bool(QUALIFIED.match(token))):
        return "{component:word}"
    if _share(tokens, lambda token: token[:1] == "[" and token.rstrip(":").endswith("]")):
        return "{thread:word}"
    if _share(tokens, lambda token: any(char.isdigit() for char in token)):
        shapes = Counter(re.sub(r"\d+", "0", re.sub(r"[A-Za-z]+", "a", token)) for token in tokens)
        few = sum(count for _, count in shapes.most_common(4)) >= AGREE * len(tokens)
        return "{column:word}" if few else ""
    distinct = set(tokens)
    if (
        len(distinct) == 1
        and len(tokens) >= 20
        and not (timed and tokens[0].islower() and tokens[0].isalpha())
    ):
        return "{column:word}"
    capitals = all(token.isupper() or not any(char.isalpha() for char in token) for token in distinct)
    return "{column:word}" if timed and capitals and len(distinct) <= 12 and len(tokens) >= 20 else ""


def _level_piece(tokens: Sequence[str]) -> str:
    bare = [re.match(r"^([^\w]*)([A-Za-z]+)([^\w]*)$", token) for token in tokens]
    named = [match for match in bare if match and match[2].lower() in SHARED_LEVELS]
    if len(named) < AGREE * len(tokens):
        return ""
    frames = Counter((match[1], match[3]) for match in named)
    (before, after), count = frames.most_common(1)[0]
    return f"{before}{{level}}{after}" if count >= AGREE * len(tokens) else ""


def _share(tokens: Sequence[str], fits: Callable[[str], bool]) -> bool:
    return sum(1 for token in tokens if fits(token)) >= AGREE * len(tokens)
