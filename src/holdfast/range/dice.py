"""Seeded randomness: everything the range draws comes from here, so a seed draws the same plan again."""

import random


def dice(*seed: object) -> random.Random:
    """A generator determined by the given parts alone (`hash` is salted per process, so text is used)."""
    return random.Random("/".join(map(str, seed)))  # noqa: S311 - drills need repeatability, not secrecy


def pod_suffix(rng: random.Random) -> str:
    """The random tail an orchestrator gives an instance name, e.g. `6c9f7b8d4-x7k2p`."""
    letters = "bcdfghjklmnpqrstvwxz2456789"
    return "".join(rng.choices(letters, k=9)) + "-" + "".join(rng.choices(letters, k=5))
