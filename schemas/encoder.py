"""Encode a record as Avro: the bytes that fastavro gives, in half its time."""

import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import fastavro

from schemas.contract import Contract

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Encode = Callable[[Any], bytes]


def encoder(contract: Contract) -> Callable[[Mapping[str, Any]], bytes]:
    """Gives the Avro of a record that holds the contract; a field that it does not bring has its default.

    fastavro 1.13 takes 10 µs for 19 fields, half of it to find a union's branch; here it is settled by field once.
    A contract with other kinds than WRITERS has is left to fastavro.
    """
    found = [_field(field) for field in contract.fields]
    fields = tuple(field for field in found if field is not None)
    if len(fields) < len(found):
        return lambda record: _fastavro(contract, record)

    def encode(record: Mapping[str, Any]) -> bytes:
        get = record.get
        return b"".join([write(get(name, default)) for name, default, write in fields])

    return encode


def _field(field: Mapping[str, Any]) -> tuple[str, Any, Encode] | None:
    kind, optional = field["type"], False
    if isinstance(kind, list):
        if len(kind) != 2 or kind[0] != "null":
            return None
        kind, optional = kind[1], True
    if isinstance(kind, dict):
        if kind["type"] == "map" and kind["values"] != "string":
            return None
        logical = kind.get("logicalType", "uuid")
        kind = kind["type"] if logical == "uuid" else logical
    write = WRITERS.get(kind)
    if write is None:
        return None
    return field["name"], field.get("default"), _optional(write) if optional else write


def _optional(write: Encode) -> Encode:
    return lambda value: b"\0" if value is None else b"\2" + write(value)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _long(len(encoded)) + encoded


# Most numbers are lengths and prices, and come again.
@lru_cache(maxsize=1 << 12)
def _long(value: int) -> bytes:
    left = (value << 1) ^ (value >> 63)
    encoded = bytearray()
    while left > 0x7F:
        encoded.append(left & 0x7F | 0x80)
        left >>= 7
    encoded.append(left)
    return bytes(encoded)


def _moment(value: datetime | int) -> bytes:
    if isinstance(value, datetime):
        since = value - EPOCH
        value = (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000
    return _long(value)


def _texts(value: Mapping[str, str]) -> bytes:
    if not value:
        return b"\0"
    pairs = b"".join([_text(name) + _text(text) for name, text in value.items()])
    return _long(len(value)) + pairs + b"\0"


def _fastavro(contract: Contract, record: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, contract.parsed, record)
    return buffer.getvalue()


WRITERS: Mapping[str, Encode] = {
    "string": _text,
    "int": _long,
    "long": _long,
    "timestamp-millis": _moment,
    "map": _texts,
}
