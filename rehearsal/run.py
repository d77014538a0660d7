"""Drive the real pipeline through a schedule, and measure: publisher and subscriber in processes of their own."""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from bench import latency
from bench.load import BATCH_DELAY_MS, COMPRESSION
from errors import HongbaoError
from ingest.profile import Phase
from jobs.conversion import Conversion
from jobs.coupons import Coupons
from jobs.coupons_vip import CouponsVip
from jobs.environment import JobSection, whole_ms
from jobs.landing import Landing
from jobs.submit import submit_and_check
from rehearsal import capacity, intervals
from rehearsal.figures import Rehearsed, by_phase
from rehearsal.phases import WARM_UP, duration_s, peak_per_s, spans, text
from rehearsal.sampler import Sampler
from rehearsal.verdict import Layout, Verdict, judge, plain
from schemas.topics import CLICK_TOPICS, CLICKS, COUPONS
from settings import Flink, Pulsar, Stack, read
from settings.reader import ROOT
from stack import machine, topics
from stack.child import begin, process, told
from stack.cluster import VIP_POOL
from stack.flink_rest import FlinkRest
from stack.private import private
from stack.processes import wait_until
from stack.pulsar_admin import PulsarAdmin

FOLDER = ROOT / "var" / "rehearsal"
# A peak that filled everything may take some of its own length to drain; after that the answer is "never".
SETTLE_S = 120.0
SECTIONS: Mapping[str, type[JobSection]] = {
    "coupons": Coupons,
    "coupons_vip": CouponsVip,
    "landing": Landing,
    "conversion": Conversion,
}
MB = 1_000_000

Say = Callable[[str], None]


@dataclass(frozen=True)
class Load:
    """How the events are published; the same seed gives the same shoppers."""

    phases: Sequence[Phase]
    seed: int = 1
    batch_delay_ms: int = BATCH_DELAY_MS
    compression: str = COMPRESSION


@dataclass(frozen=True)
class Outcome:
    """A rehearsal with what follows from it."""

    run: Rehearsed
    layout: Layout
    needs: capacity.Needs
    verdict: Verdict
    apart: Sequence[intervals.Interval]

    def summary(self) -> dict[str, Any]:
        """One object: profile, machine, layout, phases, verdict."""
        return {
            "profile": text(self.run.phases),
            "machine": {
                "cores": max((one.all_cores for one in self.run.intervals), default=0),
                "memory_mb": round(psutil.virtual_memory().total / MB),
            },
            "layout": asdict(self.layout),
            "phases": by_phase(self.run),
            "verdict": plain(self.verdict),
        }


def rehearse(
    load: Load,
    here: bool = False,
    say: Say = lambda _: None,
    folder: Path = FOLDER,
    settings: Mapping[str, str] | None = None,
) -> Outcome:
    """Run the schedule on a stack of its own, or `here`, on the one that is up; leaves samples and points in `folder`.

    The private stack has this checkout's settings, and `settings` over them. Raises CannotRun where a job does not
    run or the publisher ends early.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ours = {"HONGBAO_STACK_VIP_MEMORY_MB": str(read(Stack).vip_memory_mb), **(settings or {})}
    with nullcontext() if here else private(FOLDER / "stack", ours, say):
        jobs = _running() if here else {one.job: one.job_id for one in submit_and_check(topics.jobs(), say)}
        layout = _layout(jobs)
        run = measure(load, jobs, folder, say)
    return concluded(run, layout, folder)


def concluded(run: Rehearsed, layout: Layout, folder: Path) -> Outcome:
    """What follows from what was measured; writes the measured points beside the samples."""
    apart = [
        one for one in intervals.intervals(run.samples, run.begun_ms, step=intervals.SPAN) if _judged(run, one.begins_s)
    ]
    needs = capacity.needs(apart, peak_per_s(run.phases))
    (folder / "points.json").write_text(json.dumps(capacity.points(apart), indent=1) + "\n", encoding="utf-8")
    return Outcome(run, layout, needs, judge(run, needs, layout), apart)


def measure(load: Load, jobs: Mapping[str, str], folder: Path, say: Say) -> Rehearsed:
    """Publish the schedule to the running `jobs` (names and ids), and give what was seen meanwhile."""
    samples, receipts = folder / "samples.jsonl", folder / "receipts.jsonl"
    arguments = (text(load.phases), str(load.seed), str(load.batch_delay_ms), load.compression)
    processes = {
        service.name: found for service in machine.services(read(Stack)) if (found := service.process()) is not None
    }
    say(f"making {sum(phase.events for phase in load.phases):,} events")
    with process("demo.subscriber", str(receipts)) as subscriber, process("bench.load", *arguments) as publisher:
        ours = {"subscriber": subscriber.pid, "publisher": publisher.pid, "sampler": os.getpid()}
        processes |= {name: psutil.Process(pid) for name, pid in ours.items()}
        with Sampler(samples, read(Pulsar), read(Flink), jobs, processes, read(Stack).folder):
            say(f"publishing for {duration_s(load.phases):.0f} s")
            begin(publisher)
            sent = told(publisher)
            _settle(jobs, say)
    # With it the samples and receipts can be judged again.
    (folder / "published.json").write_text(json.dumps(sent) + "\n", encoding="utf-8")
    sampled = intervals.read(samples)
    return Rehearsed(
        phases=load.phases,
        begun_ms=sent["begun_ms"],
        intervals=intervals.intervals(sampled, sent["begun_ms"]),
        samples=sampled,
        receipts=latency.receipts(receipts, sent["begun_ms"]),
        behind_ms_by_s=sent["behind_ms_by_s"],
    )


def _settle(jobs: Mapping[str, str], say: Say) -> None:
    """Return when the jobs have acknowledged what is published by now and its coupons are received, or after long."""
    broker = read(Pulsar)
    with PulsarAdmin(broker.admin_url) as admin:
        clicks = [broker.topic(topic.path) for topic in CLICK_TOPICS]
        published = {topic: admin.stats(topic)["msgInCounter"] for topic in clicks}

        def settled() -> bool:
            # Others may go on publishing; those messages are not waited for.
            behind = (_reached(admin.stats(topic), jobs) < then for topic, then in published.items())
            coupons = admin.stats(broker.topic(COUPONS.path))["subscriptions"]
            ours = [found["msgBacklog"] for name, found in coupons.items() if name.startswith("demo-")]
            return not any(behind) and not any(ours)

        try:
            wait_until("an empty backlog", settled, SETTLE_S)
        except HongbaoError as error:
            say(str(error))
    # What is sampled afterwards shows that it is over.
    time.sleep(intervals.SPAN)


def _reached(stats: Mapping[str, Any], jobs: Mapping[str, str]) -> int:
    """Up to which message all of these jobs that read the topic have acknowledged it, counted as it counts them."""
    left = [found["msgBacklog"] for job, found in stats["subscriptions"].items() if job in jobs]
    return int(stats["msgInCounter"]) - max(left, default=0)


def _running() -> dict[str, str]:
    with FlinkRest(read(Flink).rest_url) as rest:
        return {job: rest.running_id(job) for job in topics.jobs()}


def _layout(jobs: Mapping[str, str]) -> Layout:
    """As it runs, not as it is configured: `here` it may have been submitted with other settings."""
    broker, stack = read(Pulsar), read(Stack)
    with FlinkRest(read(Flink).rest_url) as rest, PulsarAdmin(broker.admin_url) as admin:
        managers = rest.call("GET", "/taskmanagers")["taskmanagers"]
        # The VIPs' own is no place for another job.
        shared = [one for one in managers if VIP_POOL not in one["totalResource"]["extendedResources"]]
        vertices = {job: rest.call("GET", f"/jobs/{job_id}")["vertices"] for job, job_id in jobs.items()}
        return Layout(
            partitions=admin.get(f"/{broker.topic(CLICKS.path).replace('://', '/')}/partitions")["partitions"],
            taskmanagers=len(shared),
            slots_per_taskmanager=max(int(manager["slotsNumber"]) for manager in shared),
            parallelism={job: max(int(one["parallelism"]) for one in found) for job, found in vertices.items()},
            checkpoint_interval_ms={job: whole_ms(read(SECTIONS[job]).checkpoint_interval) for job in jobs},
            taskmanager_memory_mb=stack.taskmanager_memory_mb,
        )


def _judged(run: Rehearsed, begins_s: float) -> bool:
    """Whether the interval begins after the warm-up."""
    return begins_s >= sum(phase.duration_s for phase, _, _ in spans(run.phases) if phase.name == WARM_UP)
