"""The encoder writes what fastavro writes, for every contract."""

import io
from datetime import UTC, datetime
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from schemas.contract import Contract
from schemas.encoder import WRITERS, encoder

MOMENTS = st.floats(-3e8, 7e9).map(lambda since_s: datetime.fromtimestamp(since_s, UTC))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(max_size=200),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False),
    "boolean": st.booleans(),
    "bytes": st.binary(),
    "map": st.dictionaries(st.text(), st.text(), max_size=5),
    "timestamp-millis": MOMENTS | st.integers(-(2**62), 2**62),
}


def value(kind: Any) -> st.SearchStrategy[Any]:
    if isinstance(kind, list):
        return st.none() | value(kind[-1])
    if isinstance(kind, dict):
        return VALUES[kind["logicalType"] if kind.get("logicalType") in VALUES else kind["type"]]
    return VALUES[kind]


def records(contract: Contract) -> st.SearchStrategy[dict[str, Any]]:
    needed = {field["name"]: value(field["type"]) for field in contract.fields if "default" not in field}
    others = {field["name"]: value(field["type"]) for field in contract.fields if "default" in field}
    return st.fixed_dictionaries(needed, optional=others)


def by_fastavro(contract: Contract, record: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, contract.parsed, record)
    return buffer.getvalue()


@pytest.mark.parametrize("name", schemas.names())
@settings(deadline=None)
@given(st.data())
def test_bytes_are_fastavros(name: str, data: st.DataObject) -> None:
    contract = schemas.load(name)
    record = data.draw(records(contract))
    assert encoder(contract)(record) == by_fastavro(contract, record)


def test_click_is_not_left_to_fastavro() -> None:
    assert "schemaless_writer" not in encoder(schemas.load("click_event")).__code__.co_names
    assert set(WRITERS) < set(VALUES)
