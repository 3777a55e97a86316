"""Settings files, steps and systems are read as written, or refused with the reason."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.range import list_systems
from holdfast.range.dice import dice, pod_suffix
from holdfast.range.faults import next_version
from holdfast.range.settings import SUFFIXES, Settings, encode_settings, read_settings
from holdfast.range.steps import parse_steps, walk
from holdfast.range.topology import load_topology

NAMES = st.from_regex(r"[a-z]{1,6}(-[a-z]{1,4})?\.[a-z_]{1,8}", fullmatch=True)
WORDS = st.from_regex(r"[a-z][a-z0-9/:.-]{0,12}", fullmatch=True).filter(
    lambda w: w not in ("true", "false", "nan", "inf")
)
VALUES = st.one_of(st.integers(-(10**6), 10**6), st.booleans(), WORDS)


@pytest.mark.parametrize("form", [form for form in SUFFIXES if form != "env"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.dictionaries(NAMES, VALUES, max_size=6))
def test_settings_are_read_back_as_written(tmp_path: Path, form: str, written: Settings) -> None:
    path = tmp_path / f"settings{SUFFIXES[form]}"
    path.write_text(encode_settings(written, form))
    assert read_settings(path) == written


def test_environment_files_keep_names_and_values(tmp_path: Path) -> None:
    path = tmp_path / "settings.env"
    path.write_text(encode_settings({"shop-db.pool_size": 4, "log.level": "info"}, "env"))
    assert read_settings(path) == {"shop-db.pool_size": 4, "log.level": "info"}


def test_a_step_has_words_options_and_inner_steps() -> None:
    steps = parse_steps(
        ["call stock GET /items/{id} need=item", {"transaction db": ['sql db "SELECT a = b" lock=t:{id}']}]
    )
    assert steps[0].words == ("stock", "GET", "/items/{id}")
    assert steps[0].options == {"need": "item"}
    assert [step.verb for step in walk(steps)] == ["call", "transaction", "sql"]
    assert steps[1].inner[0].words == ("db", "SELECT a = b")


@pytest.mark.parametrize("line", ["explode now", "log info 'unclosed"])
def test_a_step_that_cannot_be_read_is_refused_with_its_text(line: str) -> None:
    with pytest.raises(ValueError, match=line.split()[0]):
        parse_steps([line])


@pytest.mark.parametrize("system", list_systems())
def test_every_system_has_what_a_real_one_has(system: str) -> None:
    topology = load_topology(system)
    for kind in ("database", "cache", "broker", "resolver", "application"):
        assert topology.of_kind(kind), f"{system} has no {kind}"
    assert topology.load["entry"] in topology.components
    assert set(topology.components) - set(topology.observed()), "one third party is out of sight"
    served = {w for c in topology.components.values() for w in [*c.get("routes", {}), *c.get("consumes", {})]}
    assert set(topology.load["busy"]) <= served


def test_the_dice_fall_the_same_way_for_the_same_seed() -> None:
    assert pod_suffix(dice("a", 1)) == pod_suffix(dice("a", 1)) != pod_suffix(dice("a", 2))


def test_a_new_version_is_later() -> None:
    assert next_version("1.2.3", dice(1)) in ("1.2.4", "1.3.0")
    assert next_version("v0.31.4", dice(2)).split(".")[0] in ("v0", "0")
