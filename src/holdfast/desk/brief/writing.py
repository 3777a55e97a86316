"""Writing the brief of a case for a reader. The same timeline gives the same brief, whenever it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from django.urls import reverse

from holdfast.desk.brief.sentences import Section, Sentence, Timeline, Told, finding, moment, place, sentence
from holdfast.desk.cases.clockwork import clocks_of
from holdfast.desk.cases.models import Case, Entry
from holdfast.desk.cases.outside import cases_as_read, entries_as_read
from holdfast.desk.cases.queries import entries
from holdfast.desk.engineering.telling import told
from holdfast.desk.environments.comparing import compare
from holdfast.desk.environments.queries import environments
from holdfast.desk.impact.models import Sourced
from holdfast.desk.impact.queries import constraints, numbers
from holdfast.desk.investigation import queries
from holdfast.desk.investigation.models import Diagnosis, Hypothesis, Verdict
from holdfast.desk.investigation.story import places, ruled_out
from holdfast.desk.links.queries import links_of
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault import gate

LATEST = 6
"""How many of the newest facts, actions and decisions are told as they were written."""


@dataclass(frozen=True, slots=True)
class Brief:
    """A case in the sentences its reader may see."""

    key: str
    title: str
    entries: int
    """The timeline had so many entries."""
    head: str
    """Hash of the newest of them."""
    sections: tuple[Section, ...]

    @property
    def foot(self) -> str:
        """What it was written from."""
        return (
            f"From {self.entries} entries of the timeline, the last with hash {self.head[:12]}. Facts only."
        )


def brief(person: Person, case: Case) -> Brief:
    """Return the brief of a case as the person may read it."""
    rows = entries(person, case).select_related(None).order_by("position")
    case = cases_as_read(person, [case])[0]
    read = entries_as_read(person, case, rows.defer("hash", "previous", "recorded_at"))
    line = Timeline(case.key, (_told(one) for one in read))
    found = [Section("What is broken, for whom", tuple(_broken(case, line)))]
    if case.allows(person, Deed.SEE_INTERNAL):
        found += _inside(person, case, line)
    found.append(Section("The customer was told last", tuple(_update(line))))
    return _redacted(case, [section for section in found if section.sentences])


def _redacted(case: Case, found: list[Section]) -> Brief:
    """Return the brief as it may be handed on: it is printed, sent and pasted elsewhere."""
    texts = [case.title, *(one.text for section in found for one in section.sentences)]
    title, *made = gate.redacted_all(texts, case)
    rest = iter(made)
    sections = tuple(
        replace(section, sentences=tuple(replace(one, text=next(rest)) for one in section.sentences))
        for section in found
    )
    return Brief(case.key, title, case.entries_count, case.head, sections)


def _told(one: Entry) -> Told:
    return Told(one.position, one.kind, one.text, one.happened_at, one.data, one.author)


def _inside(person: Person, case: Case, line: Timeline) -> list[Section]:
    kept = queries.newest(case)
    claims = list(case.hypotheses.prefetch_related("experiments"))
    return [
        Section("How large it is", tuple(_impact(case, line))),
        Section("What the customer does not allow", tuple(_constraints(case, line))),
        Section("Where it runs", tuple(_environments(case))),
        Section("What is known", (*_known(case, kept), *_judged(case, claims, Verdict.CONFIRMED))),
        Section("What is ruled out", (*_against(case, kept), *_judged(case, claims, Verdict.REFUTED))),
        Section("What is still open", tuple(_open(case, claims))),
        Section("With engineering", tuple(_tickets(case))),
        Section("Who does what", tuple(_people(case, line))),
        Section("What happens next", (*_next(case, line), *_clocks(case))),
        Section("Linked", tuple(_links(person, case))),
        Section("What was written last", tuple(_latest(line))),
    ]


def _broken(case: Case, line: Timeline) -> list[Sentence]:
    first = line.entries[0] if line.entries else None
    whom = f" for {case.customer.name}" if case.customer else ""
    area = f", in {case.area}" if case.area else ""
    said = line.say(f"{case.title}{whom}{area}, reported {moment(case.reported_at)}", first)
    if case.impact:
        said += line.say(f"Impact: {case.impact}", line.newest(field="impact") or first)
    graded = line.newest(field="severity")
    why = f": {graded.text}" if graded else ", as the source asked"
    said += line.say(f"Severity {case.severity}{why}", graded or first)
    moved = line.newest(field="state") or first
    since = f" since {moment(moved.happened_at)}" if moved else ""
    return said + line.say(f"It is {case.get_state_display().lower()}{since}", moved)


def _impact(case: Case, line: Timeline) -> list[Sentence]:
    return [
        Sentence(sentence(f"{one} since {moment(one.since)}"), *_source(case, line, one, "impact", one.what))
        for one in numbers(case)
    ]


def _constraints(case: Case, line: Timeline) -> list[Sentence]:
    return [
        Sentence(
            sentence(f"{one.text}, until {moment(one.until)}" if one.until else one.text),
            *_source(case, line, one, "constraint", one.number),
        )
        for one in constraints(case)
    ]


def _environments(case: Case) -> list[Sentence]:
    page, said = reverse("environments", args=[case.key]), []
    known = list(environments(case))
    for one in known:
        parts = [one.version and f"version {one.version}", one.region, f"{len(one.settings)} settings"]
        about = ", ".join(part for part in parts if part)
        said.append(
            Sentence(
                sentence(f"{one.name}, as of {moment(one.at)}: {about}"), str(one), f"{page}?e={one.number}"
            )
        )
    for first, second in pairwise(known):
        found = compare(first.settings, second.settings)
        text = f"From {first} to {second} {found.number} settings differ, {found.same} are alike"
        address = f"{page}?a={first.number}&b={second.number}"
        said.append(Sentence(sentence(text), f"{first} {second}", address))
    return said


def _source(case: Case, line: Timeline, one: Sourced, word: str, value: object) -> tuple[str, str]:
    """Return where a number or a constraint comes from: the evidence, an entry, or the entry that says who."""
    if one.locators:
        return place(case.key, one.version, one.locators[0])
    if one.finding and one.version:
        return finding(case.key, one.version, one.finding)
    written = next((told for told in reversed(line.entries) if told.data.get(word) == value), None)
    position = one.entry or (written.position if written else 1)
    return f"{one.source}, entry {position}" if one.said_by_customer else one.source, line.at(position)


def _known(case: Case, kept: Diagnosis | None) -> list[Sentence]:
    if kept is None:
        return []
    report, page = kept.report, f"{reverse('diagnosis', args=[case.key])}?version={kept.version}"
    label, said = f"diagnosis {kept.version}", []
    said.append(Sentence(sentence(report["summary"]), label, page))
    onset = report["onset"]
    if onset:
        cited = places(report, onset["locators"][:1])
        where = place(case.key, kept.version, cited[0]) if cited else (label, page)
        said.append(Sentence(sentence(f"It began between {onset['earliest']} and {onset['latest']}"), *where))
    for candidate in report["components"][:1] if report["verdict"] == "abnormal" else ():
        score = f"{candidate['name']} is ranked first, {candidate['score']:.2f}"
        why = candidate["arguments"][:1]
        name = why[0].get("finding") if why else None
        where = finding(case.key, kept.version, name) if name else (label, page)
        said.append(Sentence(sentence(f"{score}: {why[0]['text']}" if why else score), *where))
    certainty = f"The certainty is {report['certainty']}: {report['certainty_why']}"
    return [*said, Sentence(sentence(certainty), label, page)]


def _against(case: Case, kept: Diagnosis | None) -> list[Sentence]:
    if kept is None:
        return []
    page = f"{reverse('diagnosis', args=[case.key])}?version={kept.version}"
    said = []
    for candidate, argument in ruled_out(kept.report):
        name = argument.get("finding")
        where = finding(case.key, kept.version, name) if name else (f"diagnosis {kept.version}", page)
        said.append(Sentence(sentence(f"{candidate['name']}: {argument['text']}"), *where))
    return said


def _judged(case: Case, claims: list[Hypothesis], verdict: Verdict) -> list[Sentence]:
    said = []
    for one in claims:
        if one.state == verdict:
            gap = f" Not checked: {one.not_checked}" if one.not_checked else ""
            said.append(_claim(case, one, f"{one} is {verdict.label.lower()}: {one.claim}.{gap}"))
    return said


def _claim(case: Case, one: Hypothesis, text: str) -> Sentence:
    return Sentence(sentence(text), str(one), f"{reverse('hypotheses', args=[case.key])}?h={one.number}")


def _open(case: Case, claims: list[Hypothesis]) -> list[Sentence]:
    said = []
    for one in claims:
        if one.state not in (Verdict.CONFIRMED, Verdict.REFUTED):
            said.append(_claim(case, one, f"{one} is {one.state}: {one.claim}. It falls if {one.refutation}"))
            running = [test for test in one.experiments.all() if test.finished_at is None]
            said += [_claim(case, one, f"{test} of {one} runs: {test.setting}") for test in running]
    return said


def _tickets(case: Case) -> list[Sentence]:
    page = reverse("tickets", args=[case.key])
    return [Sentence(sentence(text), label, f"{page}{query}") for label, text, query in told(case)]


def _people(case: Case, line: Timeline) -> list[Sentence]:
    given = line.newest(field="owner") or line.newest(has="acknowledged")
    said = line.say(f"{case.owner.title} owns it", given) if case.owner else []
    if case.owner is None:
        said = line.say("Nobody owns it", given or (line.entries[0] if line.entries else None))
    for part in case.parts.select_related("person").order_by("id"):
        entry = next(
            (one for one in line.entries if one.text.startswith(f"{part.person.title} joins:")), None
        )
        said += line.say(f"{part.person.title}: {part.what}", entry)
    return said


def _next(case: Case, line: Timeline) -> list[Sentence]:
    planned = line.newest(field="next step")
    by = f", by {moment(case.next_step_by)}" if case.next_step_by else ""
    said = line.say(f"Next step: {case.next_step}{by}", planned) if case.next_step else []
    return said + (line.say(f"It waits for {case.blocked_on}", planned) if case.blocked_on else [])


def _clocks(case: Case) -> list[Sentence]:
    page, said = reverse("clocks", args=[case.key]), []
    for one in {clock.rule.name: clock for clock in clocks_of(case) if clock.runs}.values():
        due = f"is due {moment(one.due)}" if one.due else f"is paused: {one.pause}"
        place_of = f"{page}#{one.rule.name}-{one.number}"
        said.append(Sentence(sentence(f"{one.rule.title} {due}"), f"clock {one.rule.name}", place_of))
    return said


def _links(person: Person, case: Case) -> list[Sentence]:
    page, said = f"{reverse('case', args=[case.key])}#links", []
    for one in links_of(person, case):
        if one.other is None:
            said.append(Sentence(sentence(f"{one.word}: {one.link.reference}"), "links", page))
        else:
            text = f"{one.word}: {one.other.title}, {one.other.get_state_display().lower()}"
            said.append(Sentence(sentence(text), one.other.key, reverse("case", args=[one.other.key])))
    return said


def _latest(line: Timeline) -> list[Sentence]:
    said: list[Sentence] = []
    for one in line.latest(LATEST):
        to = one.data.get("to")
        became = f"{str(one.data['field']).capitalize()}: {to}. " if "field" in one.data and to else ""
        said += line.say(f"{moment(one.happened_at)}, {one.author}: {became}{one.text}", one)
    return said


def _update(line: Timeline) -> list[Sentence]:
    last = line.newest(kind="update")
    if last is None:
        return []
    first, *rest = [text for text in last.text.splitlines() if text.strip()] or [""]
    said = line.say(f"{moment(last.happened_at)}: {first}", last)
    return said + [one for text in rest for one in line.say(text, last)]
