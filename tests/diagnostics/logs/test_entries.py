"""Logs whose entries are not lines are read entry by entry, and each place is the original's."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.diagnostics.logs import Level, LogTable, read_log

UUID = "5b8efff7-9803-8103-d269-b633813fc60c"
XML = """<?xml version="1.0" encoding="utf-8"?>
<Events>
<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>
  <System><Provider Name='Disk'/><EventID>7</EventID><Level>2</Level>
  <TimeCreated SystemTime='2023-01-15T22:11:12.5000000Z'/>
  <Correlation ActivityID='{THE-ID}'/><Computer>WEB01</Computer></System>
  <EventData><Data Name='device'>\\Device\\Harddisk0</Data><Data Name='sector'>12</Data></EventData>
</Event>
<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>
  <System><Provider Name='Spooler'/><EventID>7034</EventID><Level>4</Level>
  <TimeCreated SystemTime='2023-01-15T22:11:13Z'/><Computer>WEB01</Computer></System>
  <RenderingInfo><Message>The &quot;Print&quot; service stopped &amp; restarted.</Message></RenderingInfo>
</Event>
</Events>
""".replace("THE-ID", UUID)
EXPORT = (
    b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1423944916375353\nPRIORITY=3\nSYSLOG_IDENTIFIER=app\n"
    b"MESSAGE\n\x1b\x00\x00\x00\x00\x00\x00\x00it broke:\nValueError: no x\n"
    b"_HOSTNAME=h1\n\n"
    b"__CURSOR=s=2\n__REALTIME_TIMESTAMP=1423944917375353\nPRIORITY=6\nSYSLOG_IDENTIFIER=app\n"
    b"MESSAGE=it works again\n_HOSTNAME=h1\n\n"
)
TRAIL = {
    "Records": [
        {
            "eventVersion": "1.08",
            "eventTime": f"2023-07-19T21:11:{second}Z",
            "eventSource": "iam.amazonaws.com",
            "eventName": name,
            "awsRegion": "us-east-1",
            "eventID": "ba0801a1",
        }
        for second, name in ((57, "CreateUser"), (58, "DeleteUser"))
    ]
}
EVENTS = {
    "apiVersion": "v1",
    "items": [
        {
            "involvedObject": {"kind": "Pod", "name": "web-1"},
            "firstTimestamp": "2023-05-10T11:58:00Z",
            "lastTimestamp": "2023-05-10T12:00:01Z",
            "message": "Back-off restarting failed container",
            "type": "Warning",
        }
    ],
    "kind": "List",
}
SAMPLES = {
    "xml": XML.encode(),
    "export": EXPORT,
    "trail": json.dumps(TRAIL, indent=2).encode(),
    "events": json.dumps(EVENTS, indent=4).encode(),
}


def table_of(raw: bytes, folder: Path) -> LogTable:
    path = folder / "entries.log"
    path.write_bytes(raw)
    return read_log(path)


def told(table: LogTable) -> list[tuple[str, str, str]]:
    return [
        (table.templates[template].text, Level(level).name, table.components[part])
        for template, level, part in zip(
            table.template.tolist(), table.level.tolist(), table.component.tolist(), strict=True
        )
    ]


def test_windows_events_as_xml(tmp_path: Path) -> None:
    table = table_of(SAMPLES["xml"], tmp_path)
    assert table.layout == "windows-event-xml"
    assert [level for _, level, _ in told(table)] == ["ERROR", "INFO"]
    assert [component for _, _, component in told(table)] == ["Disk", "Spooler"]
    assert "service stopped & restarted" in table.templates[1].text
    assert table.line.tolist() == [3, 9]
    start, stop = table.id_values.spans[0]
    assert SAMPLES["xml"][start:stop].decode() == UUID == table.id_values[0]


def test_the_journal_export_with_a_message_of_two_lines(tmp_path: Path) -> None:
    table = table_of(SAMPLES["export"], tmp_path)
    assert [level for _, level, _ in told(table)] == ["ERROR", "INFO"]
    assert "it works again" in table.templates[1].text
    assert [SAMPLES["export"][at : at + 12] for at in table.offset.tolist()] == [
        b"__CURSOR=s=1",
        b"__CURSOR=s=2",
    ]
    assert int(table.time[1] - table.time[0]) == 1_000_000_000


def test_cloudtrail_records(tmp_path: Path) -> None:
    table = table_of(SAMPLES["trail"], tmp_path)
    assert [text for text, _, _ in told(table)] == ["CreateUser", "DeleteUser"]
    assert {component for _, _, component in told(table)} == {"iam.amazonaws.com"}
    lines = SAMPLES["trail"].split(b"\n")
    assert [lines[line - 1].strip() for line in table.line.tolist()] == [b"{", b"{"]


def test_a_kubernetes_event_list(tmp_path: Path) -> None:
    table = table_of(SAMPLES["events"], tmp_path)
    assert told(table) == [("Back-off restarting failed container", "WARN", "web-1")]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_cut_file_gives_what_is_whole(name: str, tmp_path: Path) -> None:
    raw = SAMPLES[name]
    for share in (0.3, 0.6, 0.9, 0.97):
        table = table_of(raw[: int(len(raw) * share)], tmp_path)
        assert (table.offset < len(raw)).all()
        assert (table.line >= 1).all()


@pytest.mark.parametrize("tag", ["Event", "Provider", "Data Name='", "Data ", "Correlation ", "EventID"])
def test_tags_that_never_close_are_passed_over(tag: str, tmp_path: Path) -> None:
    raw = b"<Events><Event x>" + f"<{tag} ".encode() * 100_000 + b"</Event>\n"
    assert table_of(raw, tmp_path).lines == 1


@given(name=st.sampled_from(sorted(SAMPLES)), at=st.integers(0, 2000), junk=st.binary(max_size=12))
def test_hostile_bytes_never_raise(
    name: str, at: int, junk: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    raw = SAMPLES[name]
    table = table_of(raw[:at] + junk + raw[at + len(junk) :], Path(os.fspath(tmp_path_factory.getbasetemp())))
    assert (table.offset < max(len(raw) + 12, 1)).all()
