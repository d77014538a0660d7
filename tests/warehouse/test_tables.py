"""The columns that the warehouse expects are those that the jobs write."""

import pytest
from pyflink.table import DataTypes
from pyflink.table.types import DataType

import schemas
from jobs import connectors, landing
from warehouse import tables

SQL_TYPES = {
    DataTypes.STRING(): "VARCHAR",
    DataTypes.INT(): "INTEGER",
    DataTypes.BIGINT(): "BIGINT",
    DataTypes.DOUBLE(): "DOUBLE",
    DataTypes.BYTES(): "BLOB",
    DataTypes.TIMESTAMP_LTZ(3): "TIMESTAMP WITH TIME ZONE",
    DataTypes.MAP(DataTypes.STRING(), DataTypes.STRING()): "MAP(VARCHAR, VARCHAR)",
}


def sql_type(kind: DataType) -> str:
    nullable = str(kind.nullable())
    return next(name for flink, name in SQL_TYPES.items() if str(flink) == nullable)


@pytest.mark.parametrize("record", schemas.names())
def test_a_record_s_columns_are_those_of_the_jobs(record: str) -> None:
    written = connectors.columns(schemas.load(record))
    assert {name: sql_type(kind) for name, kind in written.items()} == tables.columns(record)


def test_landing_adds_the_columns_that_the_warehouse_expects() -> None:
    assert {name: sql_type(kind) for name, kind in connectors.ORIGIN.items()} == dict(tables.ORIGIN)
    assert list(tables.TABLES["duplicates"].columns) == list(landing.REPEAT)
