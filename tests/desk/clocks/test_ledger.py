"""A clock is its intervals: what they add up to is what counting minute by minute gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.desk.clocks.calendar import ALWAYS, Calendar
from holdfast.desk.clocks.ledger import OUTSIDE, PAUSED, RUNNING, Rule, passes, reckon
from holdfast.desk.clocks.policy import ClockPolicy, length, rules
from holdfast.desk.clocks.schedule import BusinessCalendar
from holdfast.desk.clocks.story import DONE, Mark, Step, tell
from holdfast.desk.policies.queries import shipped
from holdfast.desk.policies.reading import Unusable, read

from .test_calendar import ZONES, counts, spans, starts

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
NINE_TO_FIVE = Calendar("UTC", (((540, 1020),),) * 5 + ((), ()))


def rule(**more):
    words = {
        "name": "mitigate", "title": "Mitigate", "starts": Mark.REPORTED, "stops": Mark.MITIGATED,
        "targets": {1: 60 * MINUTE, 2: 240 * MINUTE}, "calendars": dict.fromkeys((1, 2, 3, 4), ALWAYS),
        "pauses": {"waiting": "waiting for the customer"},
    }  # fmt: skip
    return Rule(**(words | more))


def declared(severity=2):
    return Step("state", NOON, {"field": "state", "from": None, "to": "new", "severity": severity}, 1)


def moved(minutes, before, to):
    return Step("state", NOON + minutes * MINUTE, {"field": "state", "from": before, "to": to})


def raised(minutes, before, to):
    return Step("decision", NOON + minutes * MINUTE, {"field": "severity", "from": before, "to": to})


def one(steps, minutes, **more):
    found = reckon(rule(**more), tell(NOON, 2, steps), NOON + minutes * MINUTE)
    return found[0] if found else None


WAITED = [declared(), moved(10, "new", "waiting"), moved(70, "waiting", "diagnosing")]


def test_the_intervals_say_why_it_took_so_long():
    clock = one([*WAITED, moved(100, "diagnosing", "mitigated")], 500)
    told = [(i.kind, i.reason, i.length / MINUTE) for i in clock.intervals]
    assert told == [
        ("running", "running", 10),
        ("paused", "waiting for the customer", 60),
        ("running", "running", 30),
    ]
    assert (clock.used, clock.status) == (40 * MINUTE, "met")


def test_hours_that_do_not_count_are_intervals_too():
    clock = one([declared()], 60 * 24, calendars=dict.fromkeys((1, 2), NINE_TO_FIVE))
    told = [(i.reason, i.length / MINUTE) for i in clock.intervals]
    assert told == [("running", 300), (OUTSIDE, 16 * 60), ("running", 180)]
    assert clock.broke_at == NOON + 240 * MINUTE


def test_it_is_due_when_the_open_time_is_used_up():
    clock = one([declared()], 10, calendars=dict.fromkeys((1, 2), NINE_TO_FIVE), targets={2: 8 * 60 * MINUTE})
    assert clock.due == datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert passes(clock, 50, NOON + 10 * MINUTE) == NOON + 240 * MINUTE


def test_what_is_used_up_as_the_hours_end_broke_then_and_not_when_they_begin_again():
    office = {"calendars": dict.fromkeys((1, 2), NINE_TO_FIVE), "targets": {2: 300 * MINUTE}}
    said, found = one([declared()], 10, **office), one([declared()], 60 * 24, **office)
    assert said.due == found.broke_at == datetime(2026, 3, 2, 17, tzinfo=UTC)


def test_while_it_waits_for_somebody_nobody_can_say_when_it_is_due():
    clock = one(WAITED[:2], 30)
    assert (clock.status, clock.pause, clock.due) == (PAUSED, "waiting for the customer", None)


def test_a_pause_in_which_the_customer_had_answered_is_found():
    reply = Step("comment", NOON + 40 * MINUTE, {}, 3, from_customer=True)
    clock = one([WAITED[0], WAITED[1], reply, WAITED[2]], 80)
    (pause,) = clock.needless
    assert (pause.answered_at, pause.needless) == (NOON + 40 * MINUTE, 30 * MINUTE)


def test_a_mitigation_that_did_not_hold_lets_it_run_on():
    steps = [declared(), moved(50, "new", "mitigated"), moved(80, "mitigated", "diagnosing")]
    clock = one([*steps, moved(90, "diagnosing", "mitigated")], 200)
    assert clock.used == 60 * MINUTE
    assert [i.reason for i in clock.intervals] == ["running", "mitigated until taken back", "running"]


def test_a_raised_severity_may_begin_the_count_anew_and_keeps_what_was_before():
    steps = [declared(), raised(200, 2, 1)]
    assert one(steps, 230).broke_at == NOON + 200 * MINUTE
    clock = one(steps, 230, restarts=True)
    assert (clock.used, clock.broke_at, clock.target) == (30 * MINUTE, None, 60 * MINUTE)
    assert [i.counts for i in clock.intervals] == [False, True]


def test_lowering_the_severity_does_not_begin_it_anew():
    assert one([declared(1), raised(50, 1, 2)], 60, restarts=True).used == 60 * MINUTE


def test_without_a_target_for_the_severity_there_is_no_clock():
    assert one([declared(), raised(5, 2, 4)], 60) is None


def test_the_customer_update_is_owed_again_after_each():
    words = {"name": "update", "starts": Mark.ACKNOWLEDGED, "stops": Mark.UPDATED, "repeats": True}
    steps = [declared(), Step("state", NOON, {"acknowledged": True})]
    steps += [Step("update", NOON + m * MINUTE, {}) for m in (100, 500)]
    found = reckon(rule(**words), tell(NOON, 2, steps), NOON + 510 * MINUTE)
    assert [(c.number, c.status, c.used / MINUTE) for c in found] == [
        (1, "met", 100), (2, "missed", 400), (3, "running", 10),
    ]  # fmt: skip


def test_a_resolved_case_ends_what_nobody_did():
    steps = [declared(), moved(30, "new", "resolved")]
    words = {"name": "ticket", "stops": Mark.TICKETED}
    assert one(steps, 90, **words).status == "ended"


def test_impossible_times_never_run_backwards():
    steps = [declared(), moved(-500, "new", "mitigated")]
    clock = one(steps, 90)
    assert (clock.used, clock.status) == (timedelta(), "met")


STATES = ("diagnosing", "waiting", "mitigated", "resolved")


@st.composite
def lives(draw):
    """A case's life at whole minutes, a calendar, and a rule."""
    start = draw(starts)
    hours = tuple(draw(st.lists(spans(), min_size=7, max_size=7)))
    calendar = Calendar(draw(st.sampled_from(ZONES)), hours)
    at, state, severity = 0, "new", draw(st.integers(1, 3))
    steps = [Step("state", start, {"field": "state", "from": None, "to": "new", "severity": severity}, 1)]
    for _ in range(draw(st.integers(0, 7))):
        at += draw(st.integers(0, 700))
        when = start + at * MINUTE
        if draw(st.booleans()):
            to = draw(st.sampled_from(STATES))
            steps.append(Step("state", when, {"field": "state", "from": state, "to": to}))
            state = to
        else:
            to = draw(st.integers(1, 3))
            steps.append(Step("decision", when, {"field": "severity", "from": severity, "to": to}))
            severity = to
    calendars = {1: ALWAYS, 2: calendar, 3: calendar}
    targets = {1: 100 * MINUTE, 2: 400 * MINUTE, 3: 900 * MINUTE}
    return start, steps, rule(calendars=calendars, targets=targets), at + draw(st.integers(0, 900))


def by_the_minute(start, steps, rule, minutes):
    """Count as a person with a tally sheet would: one look at the case each minute."""
    used = broke = 0
    for minute in range(minutes):
        now = start + minute * MINUTE
        state, severity = "new", steps[0].data["severity"]
        for step in steps[1:]:
            if step.happened_at <= now:
                state = step.data["to"] if step.data["field"] == "state" else state
                severity = step.data["to"] if step.data["field"] == "severity" else severity
        if state in ("mitigated", "waiting", *DONE) or not counts(rule.calendars[severity], now):
            continue
        used += 1
        if not broke and used * MINUTE > rule.targets[severity]:
            broke = minute + 1
    return used, broke


@settings(max_examples=120, deadline=None)
@given(lives())
def test_a_clock_is_what_counting_minute_by_minute_gives(life):
    start, steps, meant, minutes = life
    (clock,) = reckon(meant, tell(start, 2, steps), start + minutes * MINUTE)
    used, broke = by_the_minute(start, steps, meant, minutes)
    assert clock.used == used * MINUTE
    assert (clock.broke_at is not None) == bool(broke)
    if clock.broke_at is not None:  # passed within the minute that the tally sheet noticed it in
        assert start + (broke - 1) * MINUTE <= clock.broke_at <= start + broke * MINUTE
    assert sum((i.length for i in clock.intervals if i.counts), timedelta()) == clock.used
    ends = [clock.started_at, *(i.end for i in clock.intervals)]
    assert all(i.start >= end for i, end in zip(clock.intervals, ends, strict=False))
    assert all(i.kind == RUNNING for i in clock.intervals if i.counts)


@settings(max_examples=60, deadline=None)
@given(lives())
def test_a_clock_breaks_when_it_said_it_would(life):
    start, steps, meant, minutes = life
    now = start + minutes * MINUTE
    (clock,) = reckon(meant, tell(start, 2, steps), now)
    if clock.runs and clock.due is not None and clock.broke_at is None:
        (before,) = reckon(meant, tell(start, 2, steps), clock.due)
        (after,) = reckon(meant, tell(start, 2, steps), clock.due + timedelta(days=8))
        assert before.broke_at is None
        assert after.broke_at == clock.due or not any(meant.calendars[clock.severity].hours)


@pytest.mark.parametrize(
    ("text", "minutes"), [("15m", 15), ("4h", 240), ("1d 4h 30m", 1710), ("90m", 90), ("2d", 2880)]
)
def test_a_length_is_written_as_people_write_it(text, minutes):
    assert length(text) == minutes * MINUTE


@pytest.mark.parametrize("text", ["", "0m", "4", "-4h", "1w", "4h4h"])
def test_what_is_no_length_is_refused(text):
    with pytest.raises(ValueError, match=r"no length|no time"):
        length(text)


TEXT = ClockPolicy.shipped()["default"]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("{1: 15m, 2: 1h,", "{1: 2h, 2: 1h,", "severity 1 may take 2h, longer than severity 2 with 1h"),
        ("    stops: mitigated", "    stops: acknowledged\n    starts: diagnosed", "starts is written twice"),
        ("starts: diagnosed\n    stops: ticketed", "starts: mitigated\n    stops: diagnosed", "before it starts"),
        ("repeats: true", "repeats: false", "repeats when updates stop it"),
        ("  4: default\n", "", "no calendar for severity 4"),
        ("at: 150", "at: 90", "write the path upwards"),
        ("contracts: {}", "contracts:\n  gold: {customers: [], targets: {mend: {1: 1h}}}", "no clock called mend"),
        (
            "contracts: {}",
            "contracts:\n  a: {customers: [X]}\n  b: {customers: [X]}",
            "X is in a and in b",
        ),
    ],
)  # fmt: skip
def test_a_policy_that_contradicts_itself_is_refused(before, after, reason):
    assert before in TEXT
    with pytest.raises(Unusable, match=r"line \d+: ") as caught:
        read(ClockPolicy, TEXT.replace(before, after, 1))
    assert reason in str(caught.value)


def test_a_contract_changes_the_clocks_of_its_customers_only():
    gold = "contracts:\n  gold:\n    customers: [Northline Rail]\n    targets: {mitigate: {1: 1h}}"
    policy = read(ClockPolicy, TEXT.replace("contracts: {}", gold))
    calendars = {name: shipped(BusinessCalendar, name).value for name in ("always", "default")}

    def mitigate(customer):
        return next(r for r in rules(policy, calendars, customer) if r.name == "mitigate").targets[1]

    assert (mitigate("Northline Rail"), mitigate("Halden Bank")) == (60 * MINUTE, 240 * MINUTE)
