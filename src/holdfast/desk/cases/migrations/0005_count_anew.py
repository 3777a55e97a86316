"""Cases from before have their clocks and places counted by the round that watches clocks."""

from django.db import migrations
from django.db.models import F
from django.utils import timezone


def look_again(apps, _):  # type: ignore[no-untyped-def]
    """Let the round come by every open case."""
    cases = apps.get_model("cases", "Case").objects
    cases.filter(asked_severity=None).update(asked_severity=F("severity"))
    cases.filter(closed_at=None).update(attention_at=timezone.now())


class Migration(migrations.Migration):
    """See above."""

    dependencies = [("cases", "0004_clocks_and_plans")]
    operations = [migrations.RunPython(look_again, migrations.RunPython.noop)]
