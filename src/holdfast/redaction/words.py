"""Words that are nobody's secret, data beside the rules: accounts of systems, placeholders, products, platforms."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "rules"


def _read(name: str) -> frozenset[str]:
    return frozenset((_FOLDER / f"{name}.txt").read_text("utf-8").split())


ACCOUNTS = _read("accounts")
PLACEHOLDERS = _read("placeholders")
ENDINGS_OF_FILES = _read("endings_of_files")
PRODUCTS = _read("products")
"""Products as their makers write them in HTTP's header `Server`, of those that could be taken for hosts."""
ARCHITECTURES = _read("architectures")
VENDORS = _read("vendors")
SYSTEMS = _read("systems")
"""Parts of the name of a platform: `x86_64-pc-linux-gnu` is an architecture, a vendor, a system and its library."""
LISTS = (ACCOUNTS, PLACEHOLDERS, ENDINGS_OF_FILES, PRODUCTS, ARCHITECTURES, VENDORS, SYSTEMS)
