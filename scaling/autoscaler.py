"""Look, forecast, decide and rescale, again and again, and write down each decision.

broker's counters -> rates    ┐
landed minutes    -> shape    ├-> forecast -> policy, with the job's capacity -> rescale -> journal
campaigns' files  -> calendar ┘
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from errors import CannotRun, HongbaoError, Unreachable
from scaling import capacity, landed
from scaling.forecast import Forecast, Forecaster, forecaster
from scaling.history import HOUR_S, History
from scaling.journal import Entry, Journal, moment
from scaling.policy import LOOK_S, Decision, Limits, Observation, decide
from scaling.rates import Rates, count
from scaling.rescale import free_slots, require_adaptive, rescale, slots_of
from schemas.topics import CLICK_TOPICS
from settings import Autoscale, Campaigns, Flink, Pulsar, Stack, read
from stack.flink_rest import FlinkRest
from stack.pulsar_admin import PulsarAdmin

HORIZON_MINUTES = 15
# The first rate needs two looks.
FIRST_LOOK_S = 5.0
# A checkpoint that takes long holds acknowledgements back for so much longer.
CHECKPOINT_MAY_TAKE_S = 5.0

Say = Callable[[str], None]


def limits_of(settings: Autoscale, partitions: int) -> Limits:
    """The policy's limits; more subtasks than partitions would have nothing to read, and stall the watermark."""
    return Limits(
        floor=settings.floor,
        ceiling=max(settings.floor, min(settings.ceiling, partitions)),
        headroom=settings.headroom,
        ahead_headroom=settings.ahead_headroom,
        hysteresis=settings.hysteresis,
        up_cooldown_s=settings.up_cooldown.total_seconds(),
        down_cooldown_s=settings.down_cooldown.total_seconds(),
    )


@dataclass
class Autoscaler:
    """One command's work on a broker and a cluster."""

    settings: Autoscale
    pulsar: Pulsar
    admin: PulsarAdmin
    rest: FlinkRest
    journal: Journal
    say: Say = lambda _: None
    dry_run: bool = False
    _rates: Rates = field(default_factory=Rates)
    _history: History | None = None
    _forecaster: Forecaster | None = None
    _learnt_s: float = 0.0

    def __post_init__(self) -> None:
        points = capacity.read_points(self.settings.points)
        self._capacities = {job: capacity.fit(job, points) for job in self.settings.jobs}
        self._limits = limits_of(self.settings, self.pulsar.click_partitions)
        self._last_s: dict[str, float] = self.journal.last_rescales()

    def look(self, now_s: float) -> list[Entry]:
        """Take the rates, then decide about each running job, in the settings' order; at the first look nothing.

        Raises Unreachable where the broker does not answer.
        """
        topics = [self.pulsar.topic(topic.path) for topic in CLICK_TOPICS]
        self._rates.add(count(self.admin, topics, now_s))
        return list(self._decisions(now_s, self._ahead(now_s))) if self._rates.known else []

    def _decisions(self, now_s: float, ahead: Forecast) -> Iterator[Entry]:
        for job in self.settings.jobs:
            try:
                entry = self._decide(job, now_s, ahead)
            except CannotRun as error:
                self.say(f"{job}: {error}")  # it does not run, or is starting; the others may
                continue
            self.journal.add(entry)
            yield entry

    def _ahead(self, now_s: float) -> Forecast:
        if self._forecaster is None or now_s - self._learnt_s >= HOUR_S:
            self._learn(now_s)
        assert self._forecaster is not None
        return self._forecaster.ahead(now_s, self._rates.recent(), HORIZON_MINUTES)

    def _learn(self, now_s: float) -> None:
        windows, faults = landed.windows(read(Campaigns).folder)
        for fault in faults:
            self.say(f"not in the calendar: {fault}")
        until = datetime.fromtimestamp(now_s, UTC)
        self._history = landed.history(until, self.settings.history, self._history)
        self._forecaster, self._learnt_s = forecaster(self._history, windows), now_s

    def _decide(self, job: str, now_s: float, ahead: Forecast) -> Entry:
        job_id = self.rest.running_id(job)
        slots = slots_of(self.rest, job_id)
        waiting = self._rates.waiting(job, self._checkpoint_s(job_id) + CHECKPOINT_MAY_TAKE_S)
        seen = Observation(now_s, slots, self._rates.events_per_s, waiting, slots + free_slots(self.rest))
        decision = decide(seen, ahead, self._last_s.get(job), self._capacities[job], self._limits)
        entry = _entry(job, seen, ahead, decision)
        if decision.action == "stay":
            return entry
        return replace(entry, rescaled=False) if self.dry_run else self._rescale(entry, job_id)

    def _rescale(self, entry: Entry, job_id: str) -> Entry:
        try:
            done = rescale(self.rest, job_id, entry.target_slots, self.journal.folder)
        except HongbaoError as error:
            return replace(entry, rescaled=False, failure=str(error))
        finally:
            # A failed one too: what Flink refuses it would refuse again in half a minute.
            self._last_s[entry.job] = time.time()
        return replace(entry, rescaled=True, downtime_s=done.downtime_s)

    def _checkpoint_s(self, job_id: str) -> float:
        return float(self.rest.call("GET", f"/jobs/{job_id}/checkpoints/config")["interval"]) / 1000


def _entry(job: str, seen: Observation, ahead: Forecast, decision: Decision) -> Entry:
    return Entry(
        at=moment(seen.now_s),
        job=job,
        action=decision.action,
        slots=seen.slots,
        target_slots=decision.target,
        wanted_slots=decision.wanted,
        reasons=decision.reasons,
        events_per_second=round(seen.events_per_s, 1),
        waiting_events=round(seen.backlog),
        forecast_events_per_second=round(float(ahead.mean.max()), 1),
        forecast_upper_events_per_second=round(float(ahead.upper.max()), 1),
    )


def run(dry_run: bool, once: bool, say: Say) -> Iterator[Entry]:
    """Decide every half minute until Ctrl-C, or `once`; raises CannotRun where the cluster cannot rescale.

    A broker or cluster that is away is waited for, but not `once`.
    """
    settings, pulsar = read(Autoscale), read(Pulsar)
    with PulsarAdmin(pulsar.admin_url) as admin, FlinkRest(read(Flink).rest_url) as rest:
        if not dry_run:
            require_adaptive(rest)
        scaler = Autoscaler(settings, pulsar, admin, rest, Journal(read(Stack).folder / "autoscale"), say, dry_run)
        scaler.look(time.time())
        time.sleep(FIRST_LOOK_S)
        while True:
            began_s = time.monotonic()
            try:
                yield from scaler.look(time.time())
            except Unreachable as error:
                if once:
                    raise
                say(str(error))
            if once:
                return
            time.sleep(max(0.0, LOOK_S - (time.monotonic() - began_s)))
