"""Keys that wrap keys: the right one opens, a wrong one is named."""

from __future__ import annotations

import os
import stat

import pytest

from holdfast.sealing import KeyUnusable, MasterKeys, Wrapped, WrongKey, fresh_key
from holdfast.sealing.keys import add_to_file, first_file, key_id, written

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def test_a_wrapped_key_opens_by_its_master_key_also_when_that_is_no_longer_the_first():
    key = fresh_key()
    wrapped = MasterKeys([OLD]).wrap(key, "case-1")
    assert wrapped.key_id == key_id(OLD)
    assert MasterKeys([NEW, OLD]).unwrap(wrapped, "case-1") == key
    assert MasterKeys([NEW, OLD]).wrap(key, "case-1").key_id == key_id(NEW)


def test_a_missing_master_key_is_wanted_by_its_name():
    wrapped = MasterKeys([OLD]).wrap(fresh_key(), "case-1")
    with pytest.raises(WrongKey, match=f"{key_id(OLD)}.*given are {key_id(NEW)}"):
        MasterKeys([NEW]).unwrap(wrapped, "case-1")


def test_a_wrapped_key_of_one_case_is_none_of_another():
    wrapped = MasterKeys([OLD]).wrap(fresh_key(), "case-1")
    with pytest.raises(KeyUnusable, match="case-2"):
        MasterKeys([OLD]).unwrap(wrapped, "case-2")


def test_a_wrapped_key_that_was_changed_says_so():
    wrapped = MasterKeys([OLD]).wrap(fresh_key(), "case-1")
    for data in (wrapped.data[:-1], b"", bytes([wrapped.data[0] ^ 1]) + wrapped.data[1:]):
        with pytest.raises(KeyUnusable, match="backup"):
            MasterKeys([OLD]).unwrap(Wrapped(wrapped.key_id, data), "case-1")


def test_keys_are_read_from_lines_or_commas_the_first_is_current():
    text = f"# made in March\n{written(NEW)}\n\n{written(OLD)}\n"
    assert MasterKeys.read(text).ids == [key_id(NEW), key_id(OLD)]
    assert MasterKeys.read(f"{written(OLD)},{written(NEW)}").current == key_id(OLD)


@pytest.mark.parametrize(
    "text", ["", "# none", "secret-of-mine", written(OLD)[:-3], written(OLD) + "x", "hfvk1_ö"]
)
def test_what_is_no_key_is_refused_without_being_repeated(text):
    with pytest.raises(KeyUnusable) as refused:
        MasterKeys.read(text)
    assert "secret-of-mine" not in str(refused.value)
    assert written(OLD)[6:20] not in str(refused.value)


def test_a_file_of_keys_is_private_made_once_and_grows_at_its_head(tmp_path):
    path = tmp_path / "vault.keys"
    first_file(path)
    before = path.read_text()
    first_file(path)
    assert path.read_text() == before
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    added = add_to_file(path)
    assert MasterKeys.read(path.read_text()).ids == [added, MasterKeys.read(before).current]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["vault.keys"]
