"""Settings are declared once, read from the environment or a file, and explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.web.configuration import SETTINGS, SettingError, database, flag, number, read, secret_key

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "desk.md"


def test_every_setting_is_explained():
    for setting in SETTINGS:
        assert setting.name.startswith("HOLDFAST_")
        assert len(setting.help) > 20, setting.name
        assert f"`{setting.name}`" in GUIDE.read_text(), setting.name


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text("s3cret\n")
    assert read({"HOLDFAST_SECRET_KEY_FILE": str(tmp_path / "key")})["HOLDFAST_SECRET_KEY"] == "s3cret"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"HOLDFAST_SECRET_KEY": "a", "HOLDFAST_SECRET_KEY_FILE": "b"}, "both"),
        ({"HOLDFAST_SECRET_KEY_FILE": "/nowhere"}, "cannot be read"),
    ],
)
def test_a_setting_that_cannot_be_read_says_which_and_why(environment, said):
    with pytest.raises(SettingError, match=said):
        read(environment)


@pytest.mark.parametrize("url", ["mysql://a/b", "postgresql://host", "nonsense"])
def test_a_database_that_cannot_be_used_is_refused(url, tmp_path):
    with pytest.raises(SettingError, match="postgresql://"):
        database({"HOLDFAST_DATABASE_URL": url}, tmp_path)


def test_one_setting_makes_it_postgresql(tmp_path):
    found = database({"HOLDFAST_DATABASE_URL": "postgresql://desk:p%40ss@db:5433/holdfast"}, tmp_path)
    assert (found["NAME"], found["PASSWORD"], found["PORT"]) == ("holdfast", "p@ss", "5433")


def test_a_secret_key_is_made_once_and_is_private(tmp_path):
    first = secret_key({"HOLDFAST_SECRET_KEY": ""}, tmp_path)
    assert secret_key({"HOLDFAST_SECRET_KEY": ""}, tmp_path) == first
    assert len(first) > 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_words_and_numbers_are_checked():
    assert flag({"X": "yes"}, "X")
    with pytest.raises(SettingError, match="yes or no"):
        flag({"X": "perhaps"}, "X")
    with pytest.raises(SettingError, match="whole number"):
        number({"X": "2 GB"}, "X")
