"""Takes the README's pictures from the running product: python -m docs.pictures

The report as the terminal shows it, and the desk's case and diagnosis pages, light and dark, at 1280 px.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from holdfast.diagnostics.investigate import investigate
from holdfast.diagnostics.report.terminal import render

FOLDER = Path(__file__).parent / "pictures"
LARGEST = 300_000
"""Bytes of a picture."""
WIDTH = 118
PATIENCE = 180


def main() -> int:
    """Take all pictures; return 1 when one is too large."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder, sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        data = _data(Path(folder))
        with _desk(data) as (case, sign_in):
            _terminal(browser, data / "demo")
            for scheme in ("light", "dark"):
                _pages(browser, scheme, case, sign_in)
            _phone(browser, case)
        browser.close()
    large = [path for path in FOLDER.glob("*.png") if path.stat().st_size > LARGEST]
    for picture in large:
        print(f"{picture} is larger than {LARGEST:,} bytes")
    return 1 if large else 0


def _data(folder: Path) -> Path:
    """Return a data folder of its own, with the demo's evidence where it was made before."""
    made = Path(os.environ.get("HOLDFAST_DATA", "var")) / "demo"
    if made.is_dir():
        shutil.copytree(made, folder / "demo")
    return folder


@contextmanager
def _desk(data: Path) -> Iterator[tuple[str, str]]:
    """Run the demo on a free port; give the addresses of its case and of a sign-in."""
    command = [sys.executable, "-u", "-m", "holdfast.cli", "demo", "--port", "0"]
    environment = {**os.environ, "HOLDFAST_DATA": str(data), "COLUMNS": str(WIDTH)}
    server = subprocess.Popen(  # noqa: S603
        ["timeout", str(PATIENCE), *command],  # noqa: S607
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    assert server.stdout is not None
    try:
        found: list[str] = []
        for line in server.stdout:
            found += re.findall(r"(?:The desk|Sign in once)\s+(http://\S+)", line)
            if len(found) == 2:
                break
        else:
            raise RuntimeError("the desk did not start")
        yield found[0], found[1]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _terminal(browser: Browser, demo: Path) -> None:
    bundle = next(path for path in demo.glob("*.tar.gz") if "healthy" not in path.name)
    diagnosis = investigate([bundle], baseline=[demo / "shop-healthy.tar.gz"])
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(f" $ holdfast investigate {bundle.name} --baseline shop-healthy.tar.gz", style="bold")
    console.print(render(diagnosis))
    page = browser.new_page(viewport={"width": 1280, "height": 200})
    page.set_content(console.export_html(theme=_THEME, inline_styles=True, code_format=_CODE))
    page.locator("pre").screenshot(path=FOLDER / "terminal.png")
    page.close()


_ANSI = [
    (12, 16, 22), (240, 89, 75), (114, 210, 151), (240, 183, 85), (130, 182, 255), (200, 150, 240), (100, 200, 210),
    (223, 229, 236),
]  # fmt: skip
_THEME = TerminalTheme((12, 16, 22), (223, 229, 236), _ANSI, _ANSI)
_CODE = (
    '<body style="margin:0;background:#0c1016"><pre style="margin:0;padding:16px 12px;width:max-content;'
    "background:#0c1016;color:#dfe5ec;font:13px/18px 'JetBrains Mono','DejaVu Sans Mono',monospace\">"
    "<code>{code}</code></pre></body>"
)
_session: dict[str, str] = {}


def _pages(browser: Browser, scheme: str, case: str, sign_in: str) -> None:
    page = _page(browser, scheme, 1280, 900)
    if not _session:
        page.goto(sign_in)
        page.locator("form button").first.click()
        page.wait_for_load_state("load")
        _session["state"] = str(FOLDER.parent / "pictures" / ".state.json")
        page.context.storage_state(path=_session["state"])
    for name, address in (("case", case), ("diagnosis", f"{case.rstrip('/')}/diagnosis")):
        page.goto(address)
        page.wait_for_timeout(600)
        page.screenshot(path=FOLDER / f"{name}-{scheme}.png")
    page.context.close()


def _phone(browser: Browser, case: str) -> None:
    page = _page(browser, "light", 390, 844)
    page.goto(case)
    page.wait_for_timeout(600)
    page.screenshot(path=FOLDER / "case-phone.png")
    page.context.close()
    Path(_session["state"]).unlink()


def _page(browser: Browser, scheme: str, width: int, height: int) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        storage_state=_session.get("state"),
    )
    return context.new_page()


if __name__ == "__main__":
    sys.exit(main())
