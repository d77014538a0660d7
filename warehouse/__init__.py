"""The landed Parquet, asked in SQL: events, conversion, coupons and what became of them."""

from warehouse.connection import VIEWS, Connection, connect, query

__all__ = ["VIEWS", "Connection", "connect", "query"]
