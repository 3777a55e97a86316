"""Small real systems that break on purpose: drills, demos and evidence with a known answer.

The names below load on first use, because every child process of a system imports this package and must
start without third-party modules.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bundle import Bundle, Truth
    from .campaign import list_faults, run
    from .topology import list_systems

__all__ = ["Bundle", "Truth", "list_faults", "list_systems", "run"]

_HOMES = {
    "Bundle": "bundle",
    "Truth": "bundle",
    "list_faults": "campaign",
    "run": "campaign",
    "list_systems": "topology",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
