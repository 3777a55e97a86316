"""`holdfast vault` on the desk of this machine, as an admin runs it."""

from __future__ import annotations

import pytest

from holdfast.sealing.keys import MasterKeys, fresh_key, key_id, written


@pytest.fixture
def desk_of(tmp_path):
    """An environment of a desk with a database and a key file of its own."""
    return {
        "HOLDFAST_DATA": str(tmp_path),
        "HOLDFAST_DATABASE_URL": "",
        "HOLDFAST_VAULT_KEYS": "",
        "DJANGO_SETTINGS_MODULE": "holdfast.web.settings",
    }


def test_a_key_is_printed_that_can_be_read_again(holdfast):
    done = holdfast("vault", "key")
    assert done.returncode == 0
    assert len(MasterKeys.read(done.stdout).ids) == 1


def test_keys_rotate_things_are_checked_and_nothing_is_left_to_seal(holdfast, desk_of, tmp_path):
    assert "0 sealed, 0 plain" in holdfast("vault", "seal", **desk_of).stdout
    rotated = holdfast("vault", "rotate", "--new", **desk_of)
    assert rotated.returncode == 0, rotated.stderr
    keys = MasterKeys.read((tmp_path / "vault.keys").read_text())
    assert len(keys.ids) == 2
    assert f"0 keys wrapped anew; the current master key is {keys.current}" in rotated.stdout
    assert "0 sealed things are whole" in holdfast("vault", "check", **desk_of).stdout


def test_a_key_that_cannot_be_used_is_said_without_showing_it(holdfast, desk_of):
    key = fresh_key()
    given = desk_of | {"HOLDFAST_VAULT_KEYS": written(key)}
    refused = holdfast("vault", "rotate", "--new", **given)
    assert refused.returncode == 2
    assert "put a new one first there" in refused.stderr
    assert written(key) not in refused.stderr + refused.stdout
    wrong = holdfast("vault", "rotate", **(given | {"HOLDFAST_VAULT_KEYS": "my-password"}))
    assert wrong.returncode == 2
    assert "my-password" not in wrong.stderr
    assert key_id(key) not in wrong.stderr
