"""Read from the warehouse what was published each minute, and from the campaigns' folder what is planned."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

import warehouse
from campaigns.faults import read_toml
from campaigns.folder import read_folder
from scaling.calendar import Window, of_campaigns
from scaling.history import HOUR_S, MINUTE_S, History

# Landed events become visible with a checkpoint: the newest minutes are not all there yet.
INCOMPLETE = timedelta(minutes=2)
MINUTES = """
SELECT epoch(date_trunc('minute', published_at))::BIGINT AS minute_s, count(*) AS events
FROM events
WHERE published_at >= $since AND published_at < $until AND event_date >= $day
GROUP BY ALL
"""


def history(until: datetime, length: timedelta, known: History | None = None, folder: Path | None = None) -> History:
    """Events/s of each minute from the first full hour of `length` before `until`; minutes without events are 0.

    What is `known` already is not asked again, but for its last two hours, in which stragglers may have landed.
    """
    until = (until - INCOMPLETE).replace(second=0, microsecond=0)
    begins_s = int((until - length).timestamp()) // HOUR_S * HOUR_S
    minutes = np.zeros(max(0, (int(until.timestamp()) - begins_s) // MINUTE_S))
    since_s = begins_s
    if known is not None and known.ends_s - 2 * HOUR_S > begins_s >= known.begins_s:
        since_s = known.ends_s - 2 * HOUR_S
        kept = known.between(begins_s, since_s)
        minutes[: len(kept)] = kept
    since = datetime.fromtimestamp(since_s, UTC)
    # An event may be a week old when it is published; its folder is that of its own time.
    values = {"since": since, "until": until, "day": (since - timedelta(days=8)).date()}
    for row in warehouse.query(MINUTES, folder, values):
        minutes[(row["minute_s"] - begins_s) // MINUTE_S] = row["events"] / MINUTE_S
    return History(begins_s, minutes)


def windows(folder: Path) -> tuple[tuple[Window, ...], list[str]]:
    """The windows of the campaigns' files, and every fault of one that cannot be read, a sentence each."""
    campaigns, faults = read_folder(folder)
    expected = {name: _expected(folder / f"{name}.toml") for name in campaigns}
    return of_campaigns(campaigns, {name: times for name, times in expected.items() if times is not None}), faults


def _expected(path: Path) -> float | None:
    raw, _ = read_toml(path)
    times = raw.get("expected_traffic")
    return None if times is None else float(times)
