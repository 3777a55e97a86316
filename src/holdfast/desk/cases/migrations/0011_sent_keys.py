from django.db import migrations


class Migration(migrations.Migration):
    """The keys of senders get a name of their own; the rows stay."""

    dependencies = [("cases", "0010_lists_indexes")]

    operations = [migrations.RenameModel("Arrival", "SentKey")]
