"""Reading cases, always as somebody."""

from __future__ import annotations

import re

from django.db.models import Count, Q, QuerySet

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case, Entry
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.rights import Deed

_KEY = re.compile(r"([A-Za-z][A-Za-z0-9]{0,7})-(\d{1,9})")


def visible_case(person: Person, key: str) -> Case:
    """Return the case called `ESC-142`; DoesNotExist also when the person may not see it."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise Case.DoesNotExist
    cases = Case.objects.visible_to(person).select_related("organisation", "customer", "owner", "declared_by")
    return cases.get(organisation__prefix=match[1].upper(), number=int(match[2]))


def entries(person: Person, case: Case) -> QuerySet[Entry]:
    """Return the entries the person may read: all, or those shared with the customer."""
    kept = Entry.objects.filter(case=case).select_related("person")
    return kept if case.allows(person, Deed.SEE_INTERNAL) else kept.filter(shared=True)


_NEWEST = 2000


def search(person: Person, words: str, limit: int = 50) -> list[Case]:
    """Return the cases of a key, or whose title has all the words, newest first."""
    cases = Case.objects.visible_to(person).listed()
    match = _KEY.fullmatch(words.strip())
    if match:
        return list(cases.filter(organisation__prefix=match[1].upper(), number=int(match[2])))
    # What the engine ranks first is for the team: whoever finds a case by it knows it.
    inside = [m.organisation_id for m in person.standing if person.may(Deed.SEE_INTERNAL, m.organisation_id)]
    cases = cases.order_by("-reported_at")
    for word in words.split()[:8]:
        ranked = Q(component__icontains=word, organisation_id__in=inside) if inside else Q(pk=None)
        cases = cases.filter(Q(title__icontains=word) | ranked)
    # Common words are all over the newest cases: a look there spares reading every title there ever was.
    newest = Case.objects.visible_to(person).order_by("-reported_at").values_list("reported_at", flat=True)
    since = next(iter(newest[_NEWEST : _NEWEST + 1]), None) if words.split() else None
    if since is not None:
        found = list(cases.filter(reported_at__gt=since)[:limit])
        if len(found) == limit:
            return found
    return list(cases[:limit])


def declaring(person: Person) -> QuerySet[Organisation]:
    """Return the organisations in which the person may declare a case."""
    ids = [m.organisation_id for m in person.standing if person.may(Deed.DECLARE, m.organisation_id)]
    return Organisation.objects.filter(id__in=ids).order_by("name")


def possible_helpers(case: Case) -> list[Person]:
    """Return who may be put on the case: the organisation's own people, not its customers'."""
    mine = Person.objects.filter(memberships__organisation=case.organisation_id, is_active=True)
    return list(mine.exclude(memberships__role="customer").distinct().order_by("username")[:400])


def helper(case: Case, username: str) -> Person:
    """Return one of those who may be put on the case, or who is on it."""
    there = next(
        (part.person for part in case.parts.select_related("person") if part.person.username == username),
        None,
    )
    found = there or next((one for one in possible_helpers(case) if one.username == username), None)
    if found is None:
        raise Conflict(f"{username[:40]!r} is nobody who could be put on this case")
    return found


def possible_owners(case: Case) -> list[Person]:
    """Return who may own the case."""
    members = Person.objects.filter(
        memberships__organisation=case.organisation_id,
        memberships__role__in=["engineer", "lead"],
        is_active=True,
    )
    return list(members.order_by("username")[:200])


def neighbours(person: Person, case: Case) -> tuple[str, str]:
    """Return the keys of the open cases before and after this one in the order of work, empty at an end."""
    near = Case.objects.visible_to(person).open().values_list("organisation__prefix", "number")
    place = {"standing": case.standing, "id": case.id}
    before = Q(standing__lt=place["standing"]) | Q(standing=place["standing"], id__lt=place["id"])
    after = Q(standing__gt=place["standing"]) | Q(standing=place["standing"], id__gt=place["id"])
    # The bound on the leading column alone is what lets the queue's index be entered at the case.
    former = near.filter(before, standing__lte=place["standing"]).order_by("-standing", "-id").first()
    latter = near.filter(after, standing__gte=place["standing"]).order_by("standing", "id").first()
    return "-".join(map(str, former or ())), "-".join(map(str, latter or ()))


def kinds(person: Person, case: Case) -> dict[str, int]:
    """Return how many entries of each kind the person may read."""
    counted = entries(person, case).select_related(None).order_by().values("kind").annotate(n=Count("id"))
    return {row["kind"]: row["n"] for row in counted}
