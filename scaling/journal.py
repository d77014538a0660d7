"""Keep each decision with its reasons as a line of JSON, a file a day, the newest as metrics in Prometheus's text."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

KEPT_DAYS = 30
HELP = {
    "slots": "Slots that the job has.",
    "target_slots": "Slots that it was decided to have.",
    "wanted_slots": "Slots that it would have without floor, ceiling, cooldown and hysteresis.",
    "events_per_second": "Events published a second, between the last two looks.",
    "waiting_events": "Events that wait beyond what a checkpoint's interval explains.",
    "forecast_events_per_second": "The most that is expected within the horizon.",
    "forecast_upper_events_per_second": "The upper end of that, nine of ten times not exceeded.",
}
COUNTED = {
    "decisions_total": "Decisions, by what they were.",
    "failed_rescales_total": "Rescales that did not come about.",
    "rescale_seconds_total": "Seconds in which tasks stood still for rescales.",
}


@dataclass(frozen=True)
class Entry:
    """A decision about one job: what was seen and forecast, what follows, and what became of it."""

    at: str
    job: str
    action: str
    slots: int
    target_slots: int
    wanted_slots: int
    reasons: tuple[str, ...]
    events_per_second: float
    waiting_events: float
    forecast_events_per_second: float
    forecast_upper_events_per_second: float
    # None where nothing was to be done; False in a dry run, and where Flink did not do it.
    rescaled: bool | None = None
    downtime_s: float | None = None
    failure: str | None = None

    @property
    def sentence(self) -> str:
        what = "stays at" if self.action == "stay" else f"{self.action} from {self.slots} to"
        done = "" if self.rescaled is None else f", {'done' if self.rescaled else 'not done'}"
        done += f" in {self.downtime_s:.1f} s" if self.downtime_s is not None else ""
        done += f": {self.failure}" if self.failure else ""
        return f"{self.at} {self.job} {what} {self.target_slots}{done}; {'; '.join(self.reasons)}"


@dataclass
class Journal:
    """The folder of the decisions; files older than 30 days are deleted."""

    folder: Path
    _counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _newest: dict[str, Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"decisions-{entry.at[:10]}.jsonl"
        if not path.exists():
            self._trim()
        with path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
        self._count(entry)
        self._write_metrics()

    def last_rescales(self) -> dict[str, float]:
        """When each job was last rescaled, seconds since 1970: a command that starts anew keeps the cooldown."""
        found: dict[str, float] = {}
        for path in self._files()[-2:]:
            for entry in _entries(path):
                if entry.get("rescaled"):
                    found[entry["job"]] = datetime.fromisoformat(entry["at"]).timestamp()
        return found

    def _count(self, entry: Entry) -> None:
        self._newest[entry.job] = entry
        self._counts["decisions_total", entry.job, entry.action] += 1
        if entry.failure:
            self._counts["failed_rescales_total", entry.job, ""] += 1
        # Counters are whole; a rescale is told to the millisecond.
        self._counts["rescale_seconds_total", entry.job, ""] += round(1000 * (entry.downtime_s or 0))

    def _write_metrics(self) -> None:
        whole = self.folder / "autoscale.prom.new"
        whole.write_text("\n".join(self._metrics()) + "\n", encoding="utf-8")
        whole.replace(self.folder / "autoscale.prom")

    def _metrics(self) -> Iterator[str]:
        for name, help_text in HELP.items():
            yield from _head(name, help_text, "gauge")
            for job, entry in self._newest.items():
                yield f'hongbao_autoscale_{name}{{job="{job}"}} {getattr(entry, name):g}'
        for name, help_text in COUNTED.items():
            yield from _head(name, help_text, "counter")
            for (counted, job, action), count in self._counts.items():
                if counted == name:
                    labels = f'job="{job}"' + (f',action="{action}"' if action else "")
                    yield f"hongbao_autoscale_{name}{{{labels}}} {count / 1000 if 'seconds' in name else count:g}"

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("decisions-*.jsonl"))

    def _trim(self) -> None:
        for path in self._files()[: -KEPT_DAYS + 1]:
            path.unlink(missing_ok=True)


def _head(name: str, help_text: str, kind: str) -> Iterator[str]:
    yield f"# HELP hongbao_autoscale_{name} {help_text}"
    yield f"# TYPE hongbao_autoscale_{name} {kind}"


def _entries(path: Path) -> Iterator[Mapping[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue  # the last line of a command that was killed


def moment(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")
