"""Published versions are never changed or removed."""

from django.db import migrations

from holdfast.desk.outbox.append_only import protect, release

TABLE = "policies_version"


class Migration(migrations.Migration):
    """See above."""

    dependencies = [("policies", "0001_initial")]
    operations = [
        migrations.RunPython(
            lambda apps, schema: protect(schema, TABLE), lambda apps, schema: release(schema, TABLE)
        )
    ]
