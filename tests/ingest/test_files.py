"""A file's rows become events; a row that is none is named with its line."""

import os
from pathlib import Path

import pytest

from errors import SettingsError
from ingest.files import Replay, count_rows, mapping, replay
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin

CSV = """id,action,who,ts,product,cents,colour
,product_viewed,u1,2026-11-23T10:00:00Z,007,100,red
,product_viewed,u2,yesterday,007,100,red
,teleported,u3,2026-11-23T10:00:01Z,007,100,red
"""
COLUMNS = (
    "event_id=id",
    "event_type=action",
    "user_id=who",
    "occurred_at=ts",
    "product_id=product",
    "price_minor=cents",
)


@pytest.fixture(scope="module")
def broker(shared_topics: Pulsar) -> Pulsar:
    return shared_topics


def test_mapping_to_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match="map: 'evnt=a' must be field=column with a field of event_id, event_type"):
        mapping(["evnt=a"])


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("none.csv", "no such file"), ("odd.xml", "unknown kind 'xml'"), ("", "this is a folder; name a file in it")],
)
def test_file_that_cannot_be_read_is_named_before_a_broker_is_asked(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "odd.xml").write_text("<a/>", encoding="utf-8")
    with pytest.raises(SettingsError, match=sentence):
        replay(Replay(file=tmp_path / name), Pulsar(service_url="pulsar://127.0.0.1:1"))


def test_rows_are_counted_without_using_up_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "a.jsonl").write_text("{}\n{}\n", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe.jsonl")
    names = ("a.csv", "a.jsonl", "pipe.jsonl")
    assert [count_rows(Replay(file=tmp_path / name)) for name in names] == [3, 2, None]
    assert count_rows(Replay(file=Path("-"))) is None


@pytest.mark.stack
def test_good_rows_are_published_and_bad_ones_named(tmp_path: Path, broker: Pulsar) -> None:
    path = tmp_path / "clicks.csv"
    path.write_text(CSV, encoding="utf-8")
    refused: list[tuple[str, str]] = []

    def published() -> int:
        with PulsarAdmin(broker.admin_url) as admin:
            return int(admin.stats(broker.topic("events/clicks"))["msgInCounter"])

    before = published()
    plan = Replay(file=path, columns=mapping(COLUMNS), shift_to_now=True)
    done = replay(plan, broker, lambda where, why: refused.append((where, why)))
    assert (done.published, done.refused) == (1, 2)
    assert published() - before == 1
    assert [where for where, _ in refused] == [f"{path}:3", f"{path}:4"]
    assert "occurred_at is 'yesterday'; it must be ISO 8601" in refused[0][1]
    assert "event_type is 'teleported'" in refused[1][1]


@pytest.mark.stack
def test_json_lines_that_are_not_json_are_named(tmp_path: Path, broker: Pulsar) -> None:
    path = tmp_path / "clicks.jsonl"
    path.write_bytes(b'{"event_type": 1\n[1]\n{"user_id": "\xff"}\n' + b"[" * 100_000)
    refused: list[str] = []
    rows: list[int] = []
    done = replay(Replay(file=path), broker, lambda where, why: refused.append(why), progress=rows.append)
    assert (done.published, done.refused, rows) == (0, 4, [1, 2, 3, 4])
    assert refused[0].startswith("not JSON: ")
    assert refused[1] == "is list; a line must be a JSON object"
    assert refused[2].startswith("not JSON: 'utf-8' codec can't decode byte 0xff")
    assert refused[3].startswith("not JSON: maximum recursion depth")
