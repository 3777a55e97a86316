"""How sure the first candidate is, and what lacks that might name another one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

from holdfast.diagnostics.correlation.behaviour import ALWAYS
from holdfast.diagnostics.correlation.blame import Suspicion, by_counts, fed
from holdfast.diagnostics.correlation.onset import FEWEST
from holdfast.diagnostics.correlation.ranking import ABNORMAL, WORTH, Ranked, Weighed
from holdfast.diagnostics.correlation.shares import STRICT, surely_more
from holdfast.diagnostics.correlation.visits import BASELINE, NO_NAME
from holdfast.diagnostics.diagnosis import Certainty, Verdict

CLEAR = 0.25
"""Score from which a candidate that stands alone is named with high certainty."""
ALONE = 0.6
"""Share of the first score that the second may have at most for the first to stand alone."""
MOSTLY = 0.5
"""Share of the calls that show it, from which on an argument rests on calls read off lines."""
SATURATED = 0.8
"""Effect from which what a component uses up names it without help: it is full."""
MEANS_ALONE = "what it uses up speaks alone"
UNHEARD = "without logs the calls alone speak"
ONE_SIDED = (
    "one caller alone cannot reach it, and says so at once: its name, address or settings may be wrong there"
)
SPREAD = "several others are slow or fail as well and come close together: they may have a reason in common"
ASKED = "one alone asks for a name that is not known: the name may be wrong there"
UNNAMED = "its name was not found, so it may never have been asked"
UNTOLD = "without logs who no longer calls may have been told wrong by what it called before"
COUNTED = "callers count calls without an answer, but not why: their patience, names or settings may be wrong"
TIMED = "callers clock calls that take longer, but not where in the called the time goes"
OF_MESSAGES = "it only speaks of messages, and they may be the fault of who takes them"
SEVERAL_ASK = 2
"""Who must not find a name, for its resolver to be at fault by what it answers alone."""


def judged(weighed: Weighed) -> tuple[Verdict, Certainty, str]:
    """Return the verdict, how certain the first candidate is, and why."""
    scores = [entry.score for entry in weighed.ranked[:2]] + [0.0, 0.0]
    first, second = scores[0], scores[1]
    if not weighed.compared and (first < ABNORMAL or not weighed.sure):
        return (
            "undecided",
            "none",
            "there is no baseline and nothing changes within the bundle: nothing to compare with",
        )
    if not weighed.sure or first < ABNORMAL:
        return "nothing_abnormal", "none", "no component differs from what is usual by more than chance"
    if not weighed.compared:
        return "abnormal", "low", "there is nothing to compare with: judged by what is grave in itself"
    if second > ALONE * first:
        return "abnormal", "low", f"the second candidate comes close: {second:.2f} against {first:.2f}"
    lacking = _lacking(weighed)
    if lacking == UNTOLD:
        return "abnormal", "low", lacking
    if first >= CLEAR and not lacking:
        return "abnormal", "high", f"the first candidate stands alone: {first:.2f}, the next {second:.2f}"
    why = f"{lacking}; " if lacking else "little evidence: "
    return "abnormal", "medium", f"{why}the first candidate has {first:.2f}, the next {second:.2f}"


def _lacking(weighed: Weighed) -> str:
    """Return what the evidence lacks that might name another component."""
    items, frame = weighed.visits.items, weighed.visits.frame
    top = weighed.ranked[0]
    argument = top.suspicions[0] if top.suspicions else None
    told = _by_callers(argument) if argument else ""
    if not frame.height:
        return told or MEANS_ALONE
    shown = frame["span"] if argument is None else frame["span"].gather(argument.visits)
    if (frame["span"] == "").all() or (
        argument and not argument.loose and (shown == "").sum() > MOSTLY * shown.len()
    ):
        return "without traces who called whom is inferred"
    if argument is None or argument.unexplained < top.score / 2:
        full = bool(top.shifts) and top.shifts[0].effect >= SATURATED
        known = bool((frame["side"] == BASELINE).any())  # else how it strays in an hour is not known
        return "" if full and known else MEANS_ALONE
    if not (items["kind"] == "log").any():
        if argument.kind == "behaviour":
            return UNHEARD if argument.detail["bad"] else UNTOLD
        if argument.lost == float("inf") and not top.shifts:
            return UNHEARD
    if argument.kind != "behaviour" and _together(weighed.ranked[1:]) > ALONE * top.score:
        return SPREAD
    if told:
        return told
    if unknown := _unknown_name(weighed, argument):
        return unknown
    if _refused_at_once(argument) and not any(s.unexplained >= WORTH for s in top.suspicions[1:]):
        return ONE_SIDED if not top.shifts else ""
    if takers(weighed):
        return OF_MESSAGES
    if argument.loose and top.component in _callers(weighed):
        return "its lines belong to no call that could be followed further"
    return "" if _beyond_chance(argument) else "few calls were seen"


def _by_callers(argument: Suspicion) -> str:
    """Return what callers leave open who only count and clock their calls; empty where more is known."""
    if not by_counts(argument):
        return ""
    return COUNTED if argument.lost == float("inf") else TIMED


def takers(weighed: Weighed) -> list[str]:
    """Return who takes the messages of a first candidate that is suspected of nothing but what it writes itself.

    A broker writes of messages that are not taken, come back or are given up. It still takes those that are posted.
    """
    top = weighed.ranked[0] if weighed.ranked else Ranked("", 0.0)
    grave = [s for s in top.suspicions if s.unexplained >= WORTH]
    if not grave or not grave[0].loose or any(s.kind == "way" for s in grave):
        return []
    return sorted(fed(weighed.visits).get(top.component, set()))


def _together(others: Sequence[Ranked]) -> float:
    """Return the chance that at least one of several is rightly suspected."""
    return 1 - prod(1 - other.score for other in others)


def _unknown_name(weighed: Weighed, argument: Suspicion) -> str:
    """Return why a name not found argues against the called not at all, and by one caller against no resolver."""
    grave = [s for s in weighed.suspicions if s.detail.get("bad") and s.effect >= WORTH]
    asking = {s.component for s in grave if _says_unknown(weighed, s)} - {argument.component}
    if argument.lost == float("inf") and asking:
        return UNNAMED
    if len(asking) < SEVERAL_ASK and argument.loose and _says_unknown(weighed, argument):
        return ASKED
    return ""


def _says_unknown(weighed: Weighed, suspicion: Suspicion) -> bool:
    """Tell whether what is new is a line or a failure that speaks of a name nobody knows."""
    kind, _, what = str(suspicion.detail.get("item", "")).partition(" ")
    words = weighed.texts.get(what, "") if kind == "log" else what
    return suspicion.detail.get("way") in ("new", "more") and bool(re.search(NO_NAME, words))


def _refused_at_once(suspicion: Suspicion) -> bool:
    """Tell whether it is only that calls of one single caller fail without an answer sooner than they used to succeed.

    Then the called may never have been reached, and nothing it shows itself speaks against it.
    """
    ways = suspicion.detail.get("ways", ())
    return len(ways) == 1 and suspicion.lost == float("inf") and not (ways[0]["lost"] or 0) > 0


def _callers(weighed: Weighed) -> set[str]:
    visits = weighed.visits
    return set(visits.frame["caller"].unique()) | set(visits.leaves["component"].unique())


def _beyond_chance(suspicion: Suspicion) -> bool:
    """Tell whether a difference would stand even if a thousand others had been looked at, as they were."""
    d = suspicion.detail
    if "side" in d or suspicion.kind == "work" or d["way"] in ("new", "more"):
        return bool(surely_more(d["w1"], d["m1"], d["w0"], d["m0"], STRICT) > 0)
    # Else another mix of requests, or what failed in a moment that all of them share, may have taken it away.
    part_of_it = d["w0"] >= ALWAYS * d["m0"] and d["m1"] >= FEWEST
    return part_of_it and bool(surely_more(d["w0"], d["m0"], d["w1"], d["m1"], STRICT) > 0)
