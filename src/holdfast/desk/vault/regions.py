"""Residency: in which region the evidence of a customer or an organisation lies.

A scope's key is made with its region, and everything it seals is written there and nowhere else. Evidence is never
moved: a region is changed only while there is none. Who has to move takes the case along as an archive.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Customer, Organisation, Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault import keys, storage
from holdfast.desk.vault.models import DataKey, SealedObject, Upload


@transaction.atomic
def place(
    organisation: Organisation, region: str, *, by: Person, customer: str = ""
) -> Organisation | Customer:
    """Say where evidence of an organisation's cases lies, or of one customer's; empty is the desk's own store.

    Raises Conflict for a region the desk has no store in, and while there is evidence that would have to move.
    """
    if not by.may(Deed.MANAGE_PEOPLE, organisation.id):
        raise PermissionDenied("your role does not say where evidence lies")
    if region and region not in settings.REGIONS:
        raise Conflict(f"there is no region {region!r}; these are: {', '.join(settings.REGIONS) or 'none'}")
    # the lock lets declaring and changing take turns
    organisation = Organisation.objects.select_for_update().get(id=organisation.id)
    placed = Customer.objects.get(organisation=organisation, name=customer) if customer else organisation
    before, placed.region = placed.region, region
    placed.save(update_fields=["region"])
    _follow(organisation)
    publish(
        "evidence.region",
        organisation_id=organisation.id,
        of=customer or organisation.name,
        before=before,
        after=region,
        by=by.title,
    )
    return placed


def _follow(organisation: Organisation) -> None:
    """Let keys that have sealed nothing yet follow; Conflict names what keeps another one where it is."""
    cases = Case.objects.filter(organisation=organisation)
    scopes = {storage.organisation_scope(organisation.id): f"raw arrivals of {organisation.name}"}
    scopes |= {storage.case_scope(one.id): one.key for one in cases.select_related("organisation")}
    for key in DataKey.objects.select_for_update().filter(scope__in=scopes, shredded_at=None):
        now = keys.region_of(key.scope)
        if now == key.region:
            continue
        if _has_something(key):
            there = key.region or "the desk's own store"
            raise Conflict(
                f"{scopes[key.scope]}: its evidence lies in {there} and is not moved; export the case and import it"
                " where it may lie, or delete its evidence first"
            )
        key.region = now
        key.save(update_fields=["region"])


def _has_something(key: DataKey) -> bool:
    sort, _, number = key.scope.rpartition("-")
    home = storage.home_of(key.region)
    left = [*(home / "vault" / "arriving" / key.scope).glob("*"), *(home / "readings").glob(f"{number}-*")]
    under_way = sort == "case" and Upload.objects.filter(Q(case_id=number)).exists()
    return under_way or (sort == "case" and bool(left)) or SealedObject.objects.filter(key=key).exists()
