"""The declare form, and the form that corrects what arrived."""

from __future__ import annotations

from typing import Any

from django import forms

from holdfast.desk.cases.queries import declaring
from holdfast.desk.people.models import Organisation, Person

_SEVERITIES = [
    (1, "Sev 1: business stands still, no workaround"),
    (2, "Sev 2: an important part fails or is slow for many"),
    (3, "Sev 3: a part fails for some, there is a workaround"),
    (4, "Sev 4: question, cosmetic"),
]
FIELDS = ("title", "severity", "impact", "area", "customer")


class CorrectForm(forms.Form):
    """What is known of an escalation."""

    title = forms.CharField(max_length=200, label="What is broken", strip=True)
    severity = forms.TypedChoiceField(choices=_SEVERITIES, coerce=int, initial=3, widget=forms.RadioSelect)
    customer = forms.CharField(max_length=120, required=False, label="For whom (customer)")
    area = forms.CharField(max_length=80, required=False, label="Product area, region, version")
    impact = forms.CharField(
        required=False,
        max_length=20_000,
        label="Impact and steps, in numbers where you have them",
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def said(self) -> dict[str, Any]:
        """Return what was said."""
        return {name: self.cleaned_data[name] for name in FIELDS}


class DeclareForm(CorrectForm):
    """What is asked when a case is declared."""

    organisation: forms.ModelChoiceField[Organisation] = forms.ModelChoiceField(
        queryset=Organisation.objects.none(), empty_label=None
    )
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    field_order = ("organisation", *FIELDS)

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = declaring(person)  # type: ignore[attr-defined]
