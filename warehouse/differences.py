"""Ask the landed events the questions that the conversion job answers, and list where the answers differ."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from warehouse.connection import query, text


def conversion(currency: str, folder: Path | None = None) -> list[dict[str, Any]]:
    """One row per conversion figure that differs; empty when all agree.

    `currency` is the shop's, in which the job sums revenue. Call it when the stream is quiet and has published its
    last windows: a window that is still open differs.
    """
    return query(text("conversion_differences"), folder, {"currency": currency, "count_late": False})


def late(currency: str, folder: Path | None = None) -> list[dict[str, Any]]:
    """One row per conversion figure that late events would change: as published, and with them counted.

    Keys: window_kind, window_start, window_end, dimension, value, figure, published, corrected; the last two are text,
    None where there is no such figure.
    """
    found = query(text("conversion_differences"), folder, {"currency": currency, "count_late": True})
    return [
        {name: row[name] for name in ("window_kind", "window_start", "window_end", "dimension", "value", "figure")}
        | {"published": row["from_stream"], "corrected": row["from_events"]}
        for row in found
    ]


def sessions(currency: str, gap: timedelta, folder: Path | None = None) -> list[dict[str, Any]]:
    """One row per session figure that differs; `gap` is the job's session_gap."""
    values = {"currency": currency, "gap": gap}
    return query(text("session_differences"), folder, values)
