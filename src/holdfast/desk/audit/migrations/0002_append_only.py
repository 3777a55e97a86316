"""The log is never changed or shortened."""

from django.db import migrations

from holdfast.desk.outbox.append_only import protect, release

TABLE = "audit_leaf"


class Migration(migrations.Migration):
    """See above."""

    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunPython(
            lambda apps, schema: protect(schema, TABLE), lambda apps, schema: release(schema, TABLE)
        )
    ]
