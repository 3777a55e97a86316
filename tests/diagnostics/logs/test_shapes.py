"""A header known by its shape is read as it would have been without that knowledge."""

import random
from pathlib import Path

import numpy as np
import pytest

from holdfast.diagnostics.logs import partial
from holdfast.diagnostics.logs.detection import Context, detect
from holdfast.diagnostics.logs.layouts import known_layouts
from holdfast.diagnostics.logs.opcodes import Ctx
from holdfast.diagnostics.logs.partial import Mapped, Partial, scan
from holdfast.diagnostics.logs.shapes import M_ASKED, M_KNOWN, TRIAL


class Forgetful(Context):
    """A context whose memories are past their trial and knew nothing: every header is read in full."""

    def __init__(self, plan: object, base: int, size: int) -> None:
        super().__init__(plan, base, size)  # type: ignore[arg-type]
        memory = next(owned for owned in self._owned if isinstance(owned, np.ndarray) and len(owned) > TRIAL)
        assert self._addresses[Ctx.SHAPES] == memory.ctypes.data
        memory[M_ASKED :: len(memory) // 2] = TRIAL


def columns(part: Partial) -> list[list[int]]:
    """What was read of each record."""
    named = (part.time, part.level, part.component, part.ids, part.slot, part.offset)
    return [np.asarray(column).tolist() for column in named]


def varied(lines: list[str], rng: random.Random) -> list[str]:
    """The lines again and again with other digits, here and there impossible ones."""
    kept = []
    for _ in range(40):
        for line in lines:
            share = rng.choice((0.0, 0.3, 0.02))
            kept.append(
                "".join(rng.choice("0123456789") if c.isdigit() and rng.random() < share else c for c in line)
            )
    return kept


@pytest.mark.parametrize("layout", known_layouts(), ids=lambda layout: layout.name)
def test_a_known_shape_gives_what_reading_the_header_gives(
    layout: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = [sample.line for sample in layout.samples]  # type: ignore[attr-defined]
    path = tmp_path / "app.log"
    path.write_text("\n".join(varied(samples, random.Random(4))) + "\n")
    file = Mapped(path)
    plan = detect(file.data, file.size)
    known = columns(scan(file, plan))
    monkeypatch.setattr(partial, "Context", Forgetful)
    assert columns(scan(file, plan)) == known


def test_a_header_whose_words_refuse_an_optional_part_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's `user@database` may stand where `LOG:` does; that it does not is seen before the message."""
    seen: list[Context] = []

    class Watched(Context):
        def __init__(self, plan: object, base: int, size: int) -> None:
            super().__init__(plan, base, size)  # type: ignore[arg-type]
            seen.append(self)

    path = tmp_path / "postgresql.log"
    path.write_text(
        "".join(f"2023-05-10 01:04:{n:02d}.256 UTC [14311] LOG:  checkpoint {n}\n" for n in range(60))
    )
    file = Mapped(path)
    plan = detect(file.data, file.size)
    monkeypatch.setattr(partial, "Context", Watched)
    scan(file, plan)
    memory = next(owned for owned in seen[0]._owned if isinstance(owned, np.ndarray) and len(owned) > TRIAL)
    assert memory[M_KNOWN] > 50
