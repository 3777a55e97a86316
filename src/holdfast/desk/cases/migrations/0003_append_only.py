"""Timeline entries are never changed or removed."""

from django.db import migrations

from holdfast.desk.outbox.append_only import protect, release

TABLE = "cases_entry"


class Migration(migrations.Migration):
    """See above."""

    dependencies = [("cases", "0002_initial")]
    operations = [
        migrations.RunPython(
            lambda apps, schema: protect(schema, TABLE), lambda apps, schema: release(schema, TABLE)
        )
    ]
