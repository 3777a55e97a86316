"""`holdfast backup` and `holdfast restore`."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from holdfast.sealing import KeyUnusable, WrongKey

DONE, REFUSED = 0, 2


def backup(out: Path, region: str) -> int:
    """Write a backup; return the exit code."""
    from holdfast.web import serving

    serving.set_up()
    serving.migrate()
    from holdfast.web.backing_up import BackupUnusable
    from holdfast.web.backing_up import backup as write

    try:
        with Console(stderr=True).status("backing up") as status:
            made = write(out, lambda what: status.update(f"backing up {what}"), region)
    except (BackupUnusable, KeyUnusable, WrongKey) as error:
        print(f"holdfast: {error}", file=sys.stderr)
        return REFUSED
    print(f"{out}: {len(made['files'])} files, made at {made['made_at']}")
    print(f"It opens with the master keys {', '.join(made['master_keys']) or 'none'}, which are not in it.")
    if made["evidence"] == "elsewhere":
        print("Evidence lies in a store of its own and is not in it; back that up by its own means.")
    return DONE


def restore(source: Path) -> int:
    """Restore a backup into an empty desk; return the exit code."""
    from holdfast.web import serving

    serving.set_up()
    from holdfast.web.backing_up import BackupUnusable
    from holdfast.web.restoring import restore as put_back

    try:
        with Console(stderr=True).status("restoring") as status:
            made = put_back(source, lambda what: status.update(f"restoring {what}"))
    except BackupUnusable as error:
        print(f"holdfast: {error}", file=sys.stderr)
        return REFUSED
    except (KeyUnusable, WrongKey) as error:
        print(f"holdfast: {error}. Start again on an empty desk with that key", file=sys.stderr)
        return REFUSED
    print(f"restored what was backed up at {made['made_at']}; `holdfast vault check` reads all evidence once")
    return DONE
