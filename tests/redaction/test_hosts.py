"""Hosts by the name of their field."""

from __future__ import annotations

import pytest

from holdfast.redaction import Redactor


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Server=db-7.corp.example;Database=x", ["db-7.corp.example"]),
        ("Server=db-7.corp.example,1433;Initial Catalog=x;", ["db-7.corp.example"]),
        ("  Host=db-7.corp.example; Port=5432\n", ["db-7.corp.example"]),
        ("Server=SRV-SQL01\\INST1;Database=x", ["SRV-SQL01"]),
        ("Server=db-7.corp.example;\r\n", ["db-7.corp.example"]),
        ("Server=db-7.corp.example; \n", ["db-7.corp.example"]),
        ("User=hvoss7;Server=db-7.corp.example", ["hvoss7", "db-7.corp.example"]),
        ("user=hvoss7;jroe8\n", ["hvoss7", "jroe8"]),
        ("user=hvoss7;jroe8", ["hvoss7", "jroe8"]),
        ("password=Zebra99;x7=Quagga\n", ["Zebra99", "Quagga"]),
    ],
)
def test_the_first_pair_of_a_connection_string_is_read(
    text: str, values: list[str], redactor: Redactor
) -> None:
    made = redactor.text(text).text
    assert not any(value in made for value in values)
