"""Speed of the log engine against Drain3 on a generated mix of formats, per CPU second, in the same run.

Usage: python benchmarks/logs_speed.py [--lines N] [--more-lines N] [--peer-lines N] [--peer PYTHON] [--words SHARE]...
Ours is the whole way from file to templates with time, level and ids (cached, uncompressed files). What each file costs
however long it is weighs on small ones: beside the ratios stand those of files with `--more-lines`.
"""

# ruff: noqa: E501 tables read better on long lines

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import harmonic_mean, median

sys.path.insert(0, str(Path(__file__).parent))
from log_corpora import HALVES, corpus

from holdfast.diagnostics.logs import read_log

ROOT = Path(__file__).parent


def json_line(number: int, text: str) -> str:
    """A zap-like JSON line around a message."""
    stamp = f"2023-05-{10 + number // 86_400:02d}T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}Z"
    trace = f"{random.getrandbits(128):032x}"
    return json.dumps({"level": "info", "ts": stamp, "logger": "api", "msg": text, "trace_id": trace})


def docker_line(number: int, text: str) -> str:
    """A Docker json-file line around a raw line."""
    stamp = f"2023-05-{10 + number // 86_400:02d}T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}123456Z"
    return json.dumps({"log": text + "\n", "stream": "stdout", "time": stamp}, separators=(",", ":"))


def generate(folder: Path, lines: int, share: float) -> list[Path]:
    """One file per format: the programs of both halves, JSON lines and Docker."""
    random.seed(5)
    paths = []
    for half in HALVES:
        for source in sorted((ROOT / "log_corpora" / half).glob("*.txt")):
            made = corpus(source, lines, random_words=share)
            texts = {made.name: made.lines}
            if made.name == "spring":
                texts["docker-spring"] = [docker_line(n, line) for n, line in enumerate(made.lines)]
            if made.name == "openstack":
                texts["json"] = [json_line(n, line) for n, line in enumerate(made.messages)]
            for name, content in texts.items():
                path = folder / f"{name}-{share}.log"
                path.write_text("\n".join(content) + "\n")
                paths.append(path)
    return paths


def ours(path: Path) -> dict[str, float]:
    """CPU seconds, lines and bytes of reading one file; the best of two runs."""
    spent = []
    for _ in range(2):
        start = time.process_time()
        table = read_log(path)
        spent.append(time.process_time() - start)
    return {
        "cpu": min(spent),
        "lines": table.lines,
        "bytes": path.stat().st_size,
        "clusters": len(table.templates),
    }


def peer(python: str, path: Path, lines: int, mode: str) -> dict[str, float]:
    """Drain3 on the first lines of one file, in its own interpreter."""
    script = str(ROOT / "logs_drain3.py")
    done = subprocess.run(
        [python, script, str(path), str(lines), mode], check=True, capture_output=True, text=True
    )
    return dict(json.loads(done.stdout))


def rate(run: dict[str, float], unit: str = "lines") -> float:
    """Lines or bytes per CPU second."""
    return run[unit] / max(run["cpu"], 1e-9)


def main() -> None:
    """Print one row per format and the ratios."""
    options = argparse.ArgumentParser()
    options.add_argument("--lines", type=int, default=60_000)
    options.add_argument("--more-lines", type=int, default=0)
    options.add_argument("--peer-lines", type=int, default=5_000)
    options.add_argument("--peer", default=str(ROOT.parent / ".bench-venv" / "bin" / "python"))
    options.add_argument("--words", type=float, nargs="+", default=[0.01, 0.05])
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for share in chosen.words:
            masked, plain = report(generate(Path(folder), chosen.lines, share), share, chosen)
            if chosen.more_lines:
                longer(generate(Path(folder), chosen.more_lines, share), masked, plain, chosen)


def longer(paths: list[Path], masked: list[float], plain: list[float], chosen: argparse.Namespace) -> None:
    """Print the ratios of longer files by what the peer reads in a second."""
    mine = [rate(ours(path)) for path in paths]
    over, bare = (median(a / b for a, b in zip(mine, peers, strict=True)) for peers in (masked, plain))
    print(
        f"-- with {chosen.more_lines:,} lines each: median format x{over:.0f} Drain3 with masks, x{bare:.0f} without masks"
    )


def report(paths: list[Path], share: float, chosen: argparse.Namespace) -> tuple[list[float], list[float]]:
    """Time every file with both and print the comparison; the peer's lines a second, with masks and without."""
    read_log(paths[0])
    mine, masked, plain = [], [], []
    for path in paths:
        mine.append(ours(path))
        masked.append(peer(chosen.peer, path, chosen.peer_lines, "masks"))
        plain.append(peer(chosen.peer, path, chosen.peer_lines, "plain"))
        print(
            f"{path.stem:28} ours {rate(mine[-1]) / 1e6:6.2f} M lines/s {rate(mine[-1], 'bytes') / 1e6:6.0f} MB/s"
            f" {mine[-1]['clusters']:5.0f} templates | Drain3 masks {rate(masked[-1]) / 1e3:6.1f} k lines/s"
            f" plain {rate(plain[-1]) / 1e3:6.1f} k | x{rate(mine[-1]) / rate(masked[-1]):.0f} x{rate(mine[-1]) / rate(plain[-1]):.0f}"
        )
    over = [rate(a) / rate(b) for a, b in zip(mine, masked, strict=True)]
    bare = [rate(a) / rate(b) for a, b in zip(mine, plain, strict=True)]
    total = sum(run["lines"] for run in mine) / sum(run["cpu"] for run in mine)
    peers = sum(run["lines"] for run in masked) / sum(run["cpu"] for run in masked)
    print(
        f"== {len(paths)} formats, {share:.0%} of lines with two random words: whole mix x{total / peers:.0f} Drain3 with masks"
        f" (median format x{median(over):.0f}, harmonic mean x{harmonic_mean(over):.0f}), median format x{median(bare):.0f} Drain3 without masks"
    )
    return [rate(run) for run in masked], [rate(run) for run in plain]


if __name__ == "__main__":
    main()
