"""A timeline of another desk, told anew under the key of the case it becomes."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.desk.cases.chain import seal
from holdfast.desk.cases.models import Case, Entry
from holdfast.desk.cases.timeline import exact
from holdfast.portable import Refused

ELSEWHERE = "elsewhere"
"""Key in an entry's data of the hash it has on the desk it is from."""
_NUMBERS = ("artefact", "person", "hold", "deletion", "survey", "link")
"""In an entry's data, rows of the other desk, which are something else here."""


class Retelling:
    """Entries one after the other: compared with what the other ledger proves, sealed into a chain of this desk."""

    def __init__(self, case: Case, proven: Mapping[int, str], sealed_by: str) -> None:
        """Begin. `proven`: hashes by position. `sealed_by`: the key in their seals, where the words are the original
        ones and the seals can be counted anew; empty where they are redacted."""
        self._case, self._known, self._sealed_by = case, proven, sealed_by
        self._before = ""
        self.number = self.proven = 0

    def told(self, entry: Entry, where: str) -> Entry:
        """Return an entry as it is told here; raises Refused where it is not the one that was logged."""
        if entry.position != self.number + 1:
            raise Refused(f"{where}: entry {self.number + 1} is missing")
        if entry.previous != self._before:
            raise Refused(f"{where}: the entry does not follow the one before it")
        if self._sealed_by and entry.hash != seal(entry, self._sealed_by):
            raise Refused(f"{where}: the entry was changed after it was sealed")
        if self._known.get(entry.position, entry.hash) != entry.hash:
            raise Refused(f"{where}: the ledger has logged another entry {entry.position}")
        self.number, self._before = entry.position, entry.hash
        self.proven += entry.position in self._known
        return self._sealed(entry, where)

    def _sealed(self, entry: Entry, where: str) -> Entry:
        try:
            kept = exact({name: value for name, value in entry.data.items() if name not in _NUMBERS})
        except TypeError as error:
            raise Refused(f"{where}, data: {error}") from error
        case = self._case
        entry.data = kept | {ELSEWHERE: entry.hash}
        entry.previous = case.head
        entry.hash = seal(entry, case.key)
        case.entries_count, case.head = entry.position, entry.hash
        return entry
