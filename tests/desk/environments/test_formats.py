"""Configuration of five formats becomes settings by path; whatever is sent, nothing is run or expanded."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.desk.environments.comparing import compare
from holdfast.desk.environments.formats import FORMATS, MOST_DEPTH, Unread, detect, joined, read
from holdfast.desk.environments.masking import MASK, masked, secret

NESTED = {
    "db.pool.size": "10",
    "db.hosts[0]": "a",
    "db.hosts[1]": "b",
    "on": "true",
    "v": "1.10",
    "none": "null",
}


@pytest.mark.parametrize(
    ("kind", "text", "settings"),
    [
        (
            "json",
            '{"db": {"pool": {"size": 10}, "hosts": ["a", "b"]}, "on": true, "v": 1.10, "none": null}',
            NESTED,
        ),
        (
            "yaml",
            "db:\n  pool: {size: 10}\n  hosts: [a, b]\non: true\nv: 1.10\nnone: null\n",
            NESTED,
        ),
        (
            "env",
            "# comment\nexport POOL=10 # a pool\nNAME=\"a # b\"\nEMPTY=\nURL='x=y'\n",
            {"POOL": "10", "NAME": "a # b", "EMPTY": "", "URL": "x=y"},
        ),
        (
            "ini",
            "[db]\nPool = 10\nhosts: a\nbare\n[a.b]\nx=%(y)s\n",
            {"db.Pool": "10", "db.hosts": "a", "db.bare": "", '"a.b".x': "%(y)s"},
        ),
        (
            "properties",
            "spring.pool=10\nname = caf\\u00e9\n! note\nlong=a \\\n   b\npath\\=x=1\n",
            {"spring.pool": "10", "name": "café", "long": "a b", "path=x": "1"},
        ),
    ],
)
def test_each_format_is_found_out_and_read(kind, text, settings):
    assert detect(text) == kind
    assert read(text) == (kind, settings)
    assert read("\ufeff" + text, kind) == (kind, settings)


def test_several_documents_of_yaml_are_numbered():
    assert read("a: 1\n---\na: 2\n")[1] == {"[0].a": "1", "[1].a": "2"}
    assert read("a: !!python/object/apply:os.system [echo]\n")[1] == {"a[0]": "echo"}
    assert read('{"a": {}, "b": []}')[1] == {"a": "{}", "b": "[]"}
    assert joined("a", 'x.y"z') == 'a."x.y\\"z"'


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        (BOMB, "", "alias; write it out"),
        ("a: &x\n  b: *x\n", "", "alias"),
        ("{" * 100_000, "json", "JSON|deep"),
        ("[" * 100_000 + "]" * 100_000, "json", "deep"),
        ("- " * 20_000 + "x", "yaml", "deep|not YAML"),
        ("[" * 5000 + "]" * 5000, "yaml", "deep|not YAML"),
        (json.dumps({"a": [{"b": 1}] * 6000}), "", "more than 5000"),
        ("x" * 2**21, "", "1 MiB"),
        ("a: 1\n" * 40_000, "yaml", "128 KiB"),
        ("a\x00b", "", "not text"),
        ("", "", "no setting|one word"),
        ("just words", "", "one word"),
        ("a: b: c", "yaml", "not YAML, line 1"),
        ("? [a]\n: b\n", "yaml", "a key is"),
        ("no equals", "env", "line 1 has no ="),
        ("a=1", "ini", "not INI"),
        ('{"a": 1}', "toml", "are read"),
        ('{"' + "k" * 400 + '": 1}', "", "longer than"),
        ("9" * 5000, "json", "no setting|not JSON|no configuration"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(text, kind, reason):
    import re

    if text == "9" * 5000:  # one number alone is a setting without a name
        assert read(text, kind) == ("json", {".": text})
        return
    with pytest.raises(Unread) as refused:
        read(text, kind)
    assert re.search(reason, str(refused.value)), str(refused.value)


@given(st.text(max_size=300), st.sampled_from(["", *FORMATS]))
def test_arbitrary_text_is_read_or_refused(text, kind):
    try:
        _, settings = read(text, kind)
    except Unread:
        return
    assert settings
    assert all(isinstance(path, str) and isinstance(value, str) for path, value in settings.items())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=6), VALUES, min_size=1, max_size=5))
def test_every_leaf_of_json_is_a_setting_of_its_own(value):
    def leaves(one):
        if isinstance(one, dict) and one:
            return sum(leaves(inner) for inner in one.values())
        return sum(leaves(inner) for inner in one) if isinstance(one, list) and one else 1

    text = json.dumps(value)
    if "\\u0000" not in text:
        assert len(read(text, "json")[1]) == leaves(value)


@pytest.mark.parametrize(
    "path",
    ["DB_PASSWORD", "db.passwd", "apiKey", "x.client-secret", "secrets.db.name", "auth", "AWS_SECRET_ACCESS_KEY",
     "spring.datasource.dsn", "cookie", "jwt.signingKey", "tokens[0]", "ConnectionString"],
)  # fmt: skip
def test_a_key_that_says_secret_is_masked(path):
    assert secret(path)
    shown, number = masked({path: "geheim"}, lambda _: "ab12")
    assert (shown[path], number) == (f"{MASK} (ab12)", 1)


@pytest.mark.parametrize(
    "path", ["author", "pool.size", "keyboard", "passive", "cache.key", "timeout", "monkey"]
)
def test_a_key_that_does_not_is_not(path):
    assert masked({path: "10"}, str) == ({path: "10"}, 0)


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ("postgres://app:geheim@db:5432/x", "geheim"),
        ("Server=db;User=app;Password=geheim;", "geheim"),
        ("Bearer geheimgeheim", "geheimgeheim"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.geheim", "geheim"),
        ("-----BEGIN RSA PRIVATE KEY-----\ngeheim", "geheim"),
        ("ghp_geheimgeheimgeheimgeheim", "geheim"),
    ],
)
def test_a_value_that_looks_secret_is_masked_wherever_it_stands(value, hidden):
    shown, number = masked({"url": value}, lambda _: "ab12")
    assert hidden not in shown["url"]
    assert (MASK in shown["url"], number) == (True, 1)


def test_two_secrets_still_show_whether_they_differ():
    def shown(value):
        return masked({"password": value}, lambda text: str(hash(text)))[0]

    assert not compare(shown("a"), shown("a")).changed
    assert compare(shown("a"), shown("b")).changed
    long = [masked({"a": "x" * 5000 + end}, str)[0] for end in "ab"]
    assert len(long[0]["a"]) < 2100
    assert compare(*long).changed


def test_a_comparison_is_by_path():
    found = compare({"a": "1", "b": "2", "c": "3"}, {"b": "2", "c": "4", "d": "5"})
    assert (found.added, found.removed) == ([("d", "5")], [("a", "1")])
    assert (found.changed, found.same, found.number) == ([("c", "3", "4")], 1, 3)
    assert MOST_DEPTH == 32
