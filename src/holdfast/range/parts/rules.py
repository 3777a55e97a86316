"""Mistakes that ship with a bad release: ordinary code that raises on ordinary input.

Each takes the request's context and is called from the component's own handler, so what is logged is a
stack trace of an exception that really happened.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any


def loyalty_tier(request: dict[str, Any]) -> str:
    tiers = {"bronze": 0, "silver": 100}
    return next(name for name, floor in tiers.items() if floor >= tiers[_segment(request)])


def _segment(request: dict[str, Any]) -> str:
    return "gold" if int(request.get("customer", 0)) % 2 else "silver"


def unit_price(request: dict[str, Any]) -> float:
    bundle = int(request.get("quantity", 1)) - 1
    return float(request.get("amount", 1)) / min(bundle, 1)


def delivery_window(request: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(str(request.get("slot", "2026-02-30T08:00:00+00:00")))


def first_address(request: dict[str, Any]) -> str:
    addresses: list[str] = list(request.get("addresses", []))
    return addresses[0]


def normalised_reference(request: dict[str, Any]) -> str:
    reference: Any = request.get("reference")
    return str(reference.strip())


def weight_class(request: dict[str, Any]) -> str:
    weight: Any = request.get("weight", "2.5kg")
    return "heavy" if weight > 20 else "light"


DEFECTS: dict[str, Callable[[dict[str, Any]], object]] = {
    f.__name__: f
    for f in (loyalty_tier, unit_price, delivery_window, first_address, normalised_reference, weight_class)
}
