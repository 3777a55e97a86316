"""Pages of updates: the composer, the promises, the public status page."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.views import done, moment
from holdfast.desk.decisions.authority import alone, table
from holdfast.desk.decisions.models import Decision
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.updates import commands, promising, queries, status, telling
from holdfast.desk.updates.checking import all_rules
from holdfast.desk.updates.delivering import READERS
from holdfast.desk.updates.filling import facts_changed
from holdfast.desk.updates.holding import as_read, hits, placed
from holdfast.desk.updates.models import Audience, Promise, Update


@require_safe
def updates(request: HttpRequest, key: str) -> HttpResponse:
    """The updates of a case, the draft in hand, the promises."""
    person = signed_in(request)
    case = internal_case(person, key)
    listed = queries.updates_of(case)
    drafts = [one for one in listed if one.state == Update.State.DRAFT]
    wanted = request.GET.get("draft", "")
    draft = next((one for one in drafts if str(one.number) == wanted), drafts[0] if drafts else None)
    context: dict[str, object] = {
        "case": case,
        "clock": clock(case),
        "tab": "updates",
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "listed": [one for one in listed if one.state != Update.State.DRAFT],
        "drafts": drafts,
        "audiences": Audience.choices,
        "promises": queries.promises_of(case),
        "abouts": Promise.About.choices,
        "contradictions": queries.contradictions(person, case),
    }
    if draft is not None:
        context |= _composing(case, draft, person)
    return render(request, "updates/updates.html", context)


def _composing(case: Case, draft: Update, person: Person) -> dict[str, object]:
    draft.case = case
    found, rights = hits(draft), table(case.organisation_id)
    blocking = [number for number, hit in enumerate(found, 1) if hit.blocks]
    needs = [rights.who(right) for right in commands.rights_of(draft) if not alone(case, right, person)]
    return {
        "draft": draft,
        "next_audience": _after(Audience(draft.audience)),
        "hits": placed(draft, found),
        "blocking": blocking,
        "passed": [
            rule.title for name, rule in all_rules().items() if name not in {hit.rule for hit in found}
        ],
        "preview": as_read(draft, found),
        "readers": READERS[Audience(draft.audience)](case),
        "changed": facts_changed(draft),
        "needs": needs,
        "decisions": Decision.objects.filter(case=case, about=commands.about(draft)).order_by("-number")[:4],
    }


def _after(audience: Audience) -> Audience:
    """Return the audience whose draft comes next, the first after the last."""
    every = list(Audience)
    return every[(every.index(audience) + 1) % len(every)]


@require_POST
def begin(request: HttpRequest, key: str) -> HttpResponse:
    """Begin an update for an audience, filled from the case."""
    audience = request.POST.get("audience", "")
    begun: list[Update] = []
    done(request, key, lambda case, by: begun.append(commands.draft(case, audience, by=by)))
    return _to(key, begun[0].number if begun else None)


@require_POST
def write(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Keep what was written; then check it, ask for its decisions, or send it, as the button says."""
    said, act = _draft(request), request.POST.get("act", "check")

    def deed(case: Case, by: Person) -> object:
        update = commands.update_of(case, number)
        edits = request.POST.get("edits", "")
        update = commands.write(
            update, said(), by=by, edits=int(edits) if edits.isdecimal() and len(edits) < 9 else None
        )
        if act == "send":
            return commands.send(update, by=by)
        if act == "ask":
            return commands.request(update, by=by)
        return update

    return _then(request, key, deed, number)


@require_POST
def check(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Keep what was typed so far and say what the checker finds; for the composer, on each pause."""
    person = signed_in(request)
    case = internal_case(person, key)
    update, edits, refused = commands.update_of(case, number), request.POST.get("edits", ""), ""
    try:
        started = int(edits) if edits.isdecimal() and len(edits) < 9 else None
        update = commands.write(update, _draft(request)(), by=person, edits=started)
    except Conflict as conflict:
        refused = f"Not kept: {conflict}."
    context = _composing(case, update, person) | {"case": case, "refused": refused}
    return render(
        request, "updates/_check.html", context | {"may": {"record": case.allows(person, Deed.RECORD)}}
    )


def _draft(request: HttpRequest) -> Callable[[], commands.Draft]:
    """Return what reads the form; inside the deed, so that a wrong time is told like any other refusal."""
    form = request.POST

    def read() -> commands.Draft:
        texts = zip(form.getlist("about"), form.getlist("promise"), form.getlist("due"), strict=False)
        promises = tuple(
            {"about": what, "text": text, "due": due}
            for what, text, due in texts
            if text.strip() or due.strip()
        )
        headline, known, doing, then = (
            form.get(name, "").replace("\r\n", "\n") for name in ("headline", "known", "doing", "next_step")
        )
        return commands.Draft(headline, known, doing, then, moment(form.get("next_at", "")), promises)

    return read


@require_POST
def refill(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Write the draft anew from the case."""
    return _then(
        request, key, lambda case, by: commands.refill(commands.update_of(case, number), by=by), number
    )


@require_POST
def keep(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Keep words the checker warns of, with a reason."""
    said, why = request.POST.get("words", ""), request.POST.get("reason", "")
    return _then(
        request,
        key,
        lambda case, by: commands.keep(commands.update_of(case, number), said, why, by=by),
        number,
    )


@require_POST
def drop(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Give a draft up."""
    return _then(request, key, lambda case, by: commands.drop(commands.update_of(case, number), by=by))


@require_POST
def settle(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Say that a promise was kept, or move it."""
    said, due = request.POST.get("said", ""), request.POST.get("due", "")

    def deed(case: Case, by: Person) -> object:
        promise = promising.promise_of(case, number)
        at = moment(due)
        return (
            promising.move_promise(promise, at, said, by=by)
            if at
            else promising.keep_promise(promise, said, by=by)
        )

    return _then(request, key, deed)


@require_POST
def tell_duplicates(request: HttpRequest, key: str) -> HttpResponse:
    """Tell the customers of the duplicates."""
    text = request.POST.get("text", "")
    return done(request, key, lambda case, by: telling.tell_duplicates(case, text, by=by))


def _then(
    request: HttpRequest, key: str, deed: Callable[[Case, Person], object], number: int | None = None
) -> HttpResponse:
    done(request, key, deed, "updates")
    return _to(key, number)


def _to(key: str, number: int | None) -> HttpResponse:
    """Go back to the updates, to the draft in hand."""
    page = reverse("updates", args=[key])
    return redirect(f"{page}?draft={number}" if number else page)


@require_safe
def promises(request: HttpRequest) -> HttpResponse:
    """The open promises on all cases, the next due first."""
    from holdfast.desk.queue.views import internal

    return render(request, "updates/promises.html", {"promises": queries.register(internal(request))})


@require_http_methods(["GET", "POST"])
def public(request: HttpRequest, prefix: str) -> HttpResponse:
    """The public status page; needs no sign-in."""
    organisation = status.page_of(prefix)
    said = ""
    if request.method == "POST":
        try:
            status.follow(
                organisation,
                request.POST.get("email", "").strip(),
                request.build_absolute_uri("/").rstrip("/"),
            )
            said = "Look into your mailbox and confirm."
        except Conflict as conflict:
            messages.error(request, f"Nothing was kept: {conflict}.")
    found = status.incidents(organisation)
    context = {
        "organisation": organisation,
        "incidents": found,
        "said": said,
        "running": any(one.running for one in found),
    }
    return render(request, "updates/status.html", context)


@require_safe
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm an address that follows."""
    organisation = status.confirm(token[:60])
    return render(
        request,
        "updates/told.html",
        {"organisation": organisation, "said": "You will get a mail with each news."},
    )


@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Forget an address; asks first, for mail programs open links by themselves."""
    if request.method == "POST":
        organisation = status.stop(token[:60])
        return render(
            request, "updates/told.html", {"organisation": organisation, "said": "Your address is forgotten."}
        )
    return render(request, "updates/told.html", {"token": token[:60], "said": ""})
