"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from holdfast.desk.cases.carrying import Record, carries, stays
from holdfast.desk.response.models import (
    Acknowledged,
    Action,
    Ended,
    HandOver,
    Mitigation,
    Passing,
    Post,
    Presence,
    Question,
    Room,
    Sample,
    Written,
)

carries(
    # A probe asks addresses from the machine it runs on: somebody here says which, and whether.
    Record(Mitigation, anew=frozenset({"probe", "next_sample_at", "warned_at"})),
    Record(Sample, within="mitigation"),
    Record(
        Action, anew=frozenset({"told_at"}), stops={"state": {Ended.RUNNING: Ended.DROPPED}}, ended="ended_at"
    ),
    Record(
        HandOver,
        anew=frozenset({"told_at"}),
        stops={"state": {Passing.OPEN: Passing.WITHDRAWN}},
        ended="ended_at",
    ),
    Record(Written, within="hand_over"),
    Record(Acknowledged, within="hand_over", plain=frozenset({"key"})),
    Record(Question, within="hand_over", plain=frozenset({"key"})),
)
stays(
    {
        Room: "a war room is opened by those who work in it; what was said there is on the timeline",
        Post: "duties are held by people of the other desk",
        Presence: "nobody of the other desk is here",
    }
)
