"""Judge a rehearsal: what was full first, what the peak needs, and what to change; nothing here measures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil, sqrt
from typing import Any

from rehearsal.capacity import Needs
from rehearsal.figures import Rehearsed, by_phase, checkpoints
from rehearsal.phases import PEAK
from rehearsal.saturation import Saturation, saturations, short
from stack.cluster import VIP
from stack.topics import VIP_JOB

# Neighbours' share of the machine from which on the figures are theirs as much as ours.
NEIGHBOURS_SHARE = 0.1
# What is full drags the rest along; the first few are what to read.
MOST_REASONS = 6
# A heap in use to more than that is what makes a collector work; below it is the number of new objects.
FULL_HEAP = 0.8


@dataclass(frozen=True)
class Layout:
    """How the pipeline was set up: what the changes are told from."""

    partitions: int
    taskmanagers: int
    slots_per_taskmanager: int
    parallelism: Mapping[str, int]
    checkpoint_interval_ms: Mapping[str, int]
    taskmanager_memory_mb: int


@dataclass(frozen=True)
class Verdict:
    """`first` is what was full first, None where nothing was; `changes` name the settings."""

    headline: str
    first: Saturation | None
    saturated: list[Saturation]
    reasons: list[str]
    needs: dict[str, Any]
    changes: list[str]


def judge(run: Rehearsed, needed: Needs, layout: Layout) -> Verdict:
    """The verdict, from what was measured alone."""
    found = saturations(run)
    wanted = wanted_of(needed, layout, _all_cores(run))
    return Verdict(
        headline=_headline(run, found),
        first=found[0] if found else None,
        saturated=found,
        reasons=list(_reasons(run, found, wanted)),
        needs=wanted,
        changes=list(_changes(run, found, needed, wanted, layout)),
    )


def wanted_of(needed: Needs, layout: Layout, all_cores: int) -> dict[str, Any]:
    """What the peak needs, each with its error; `of_cluster` and `cores_in_all` are None where nothing was fitted."""
    cores = needed.cores_at_peak()
    return {
        "peak_per_s": needed.peak_per_s,
        "jobs": {
            job: {
                "chain": short(chain.name),
                "events_per_s_per_slot": round(chain.events_per_s_per_slot),
                "error": round(chain.events_per_s_per_slot_error),
                "slots": {"needed": chain.slots, "most": chain.slots_most},
                "points": chain.line.points,
                "measured_to_per_s": round(chain.line.most_x),
            }
            for job, chain in needed.chains.items()
        },
        "of_cluster": _of_cluster(needed, layout, all_cores) if needed.chains else None,
        "cores": {name: _with_error(one) for name, one in cores.items()},
        "cores_in_all": _with_error(_sum(list(cores.values()))) if cores else None,
    }


def _of_cluster(needed: Needs, layout: Layout, all_cores: int) -> dict[str, dict[str, int]]:
    """Slots, partitions and TaskManagers, and each at the upper end of the 95 % interval.

    The VIPs' job has a TaskManager and a slot of its own, which are not in it.
    """
    cores_of = needed.cores_at_peak().items()
    worker_cores, error = _sum([one for name, one in cores_of if name.startswith("taskmanager") and name != VIP])
    least, most = (
        {job: slots for job, slots in needed.parallelism(upper).items() if job != VIP_JOB} for upper in (False, True)
    )
    managers = [
        max(ceil(sum(slots.values()) / layout.slots_per_taskmanager), ceil(cores / all_cores))
        # Two standard errors are the upper end, near enough.
        for slots, cores in ((least, worker_cores), (most, worker_cores + 2 * error))
    ]
    return {
        "slots": {"needed": sum(least.values()), "most": sum(most.values())},
        "partitions": {"needed": max(least.values(), default=0), "most": max(most.values(), default=0)},
        "taskmanagers": {"needed": managers[0], "most": managers[1]},
    }


def _with_error(found: tuple[float, float]) -> dict[str, float]:
    return {"needed": round(found[0], 2), "error": round(found[1], 2)}


def _sum(values: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Of values with independent errors."""
    return sum(value for value, _ in values), sqrt(sum(error**2 for _, error in values))


def _headline(run: Rehearsed, found: Sequence[Saturation]) -> str:
    peak = next((one for one in by_phase(run) if one["phase"] == PEAK), None)
    came = peak["latency_ms"]["all"] if peak else None
    coupons = f"; at the peak p50 {came['p50']:,.0f} and p99 {came['p99']:,.0f} ms" if came and came["coupons"] else ""
    return (f"Full first: {found[0].sentence}" if found else "Nothing was full") + coupons


def _reasons(run: Rehearsed, found: Sequence[Saturation], wanted: Mapping[str, Any]) -> Iterator[str]:
    """Why it is so, in the order it happened, and how far what was fitted can be trusted."""
    yield from (f"{one.sentence}; full in {one.share_of_run:.0%} of the run" for one in found[:MOST_REASONS])
    if len(found) > MOST_REASONS:
        yield f"{len(found) - MOST_REASONS} more were full after those; all of them stand in rehearsal.json"
    if found:
        at = next(one for one in run.intervals if one.begins_s >= found[0].since_s - 1)
        by = ", ".join(f"{name} {value:.2f}" for name, value in sorted(at.cores.items(), key=lambda item: -item[1]))
        yield f"cores in use when it began: {by}; of the machine {at.machine_cores:.2f} of {at.all_cores}"
    if _crowded(run):
        yield f"other programs took {_neighbours(run):.2f} of {_all_cores(run)} cores: the figures are theirs too"
    for one in by_phase(run):
        if one["drain_s"] is None:
            yield f"after {one['phase']} the jobs never caught up"
    yield from _stood_still(run)
    if not wanted["jobs"]:
        yield "no capacity could be fitted: fewer than four spans of five seconds were below saturation; take longer"
    for job, need in wanted["jobs"].items():
        if need["measured_to_per_s"] < wanted["peak_per_s"]:
            yield (
                f"{job}: fitted on {need['points']} points up to {need['measured_to_per_s']:,} events/s; "
                f"{wanted['peak_per_s']:,.0f} is beyond, in a straight line"
            )


def _stood_still(run: Rehearsed) -> Iterator[str]:
    """Jobs that did not run all the time, such as after a failed checkpoint."""
    for job in sorted({job for sample in run.samples for job in sample.get("jobs", {})}):
        stood = [one for one in run.samples if one.get("jobs", {}).get(job, {}).get("state", "RUNNING") != "RUNNING"]
        if stood:
            second = (stood[0]["at_ms"] - run.begun_ms) / 1000
            yield f"{job} was {stood[0]['jobs'][job]['state']} from second {second:.0f} on, in {len(stood)} samples"


def _changes(
    run: Rehearsed, found: Sequence[Saturation], needed: Needs, wanted: Mapping[str, Any], layout: Layout
) -> Iterator[str]:
    full = {one.resource for one in found}
    yield from _wider(needed, wanted, layout)
    yield from _cores(run, full, wanted)
    # On a full machine a publisher is late because it waits for a core: more of them would be later.
    if any(one.where == "publisher" for one in found) or ("publisher" in full and "machine" not in full):
        yield "publish from more processes: one Python process has one core"
    if any(one.where == "subscriber" for one in found):
        yield "run a second instance of the subscriber: its subscription is shared by partition (Failover)"
    if "disk" in full:
        yield "[stack] folder: a disk of its own for the broker, or fuller batches (Publisher batch_delay_ms)"
    if "garbage" in full and max(one.heap for one in run.intervals) > FULL_HEAP:
        yield f"[stack] taskmanager_memory_mb: more than {layout.taskmanager_memory_mb}"
    elif "garbage" in full and "machine" not in full:
        yield "[stack] taskmanagers: one more; new objects fill a young generation of the same size in each"
    for job, every in checkpoints(run.samples).items():
        interval_ms = layout.checkpoint_interval_ms.get(job, 0)
        # What began before the schedule met a cold start.
        longest_ms = max((one["ms"] for one in every if one["begun_ms"] >= run.begun_ms), default=0)
        if longest_ms > interval_ms > 0:
            yield (
                f"[{job}] checkpoint_interval: a checkpoint took {longest_ms / 1000:.1f} s, "
                f"and one begins every {interval_ms / 1000:g} s"
            )


def _wider(needed: Needs, wanted: Mapping[str, Any], layout: Layout) -> Iterator[str]:
    for job, chain in needed.chains.items():
        has = layout.parallelism.get(job, 1)
        if chain.single and chain.slots > 1:
            yield f"{job}: {short(chain.name)} is one subtask and cannot be divided; send it less (fewer candidates)"
        elif chain.slots > has:
            yield f"[{job}] parallelism: {worded(chain.slots, chain.slots_most)}, it is {has}"
    cluster, slots = wanted["of_cluster"], layout.taskmanagers * layout.slots_per_taskmanager
    if cluster and cluster["partitions"]["needed"] > layout.partitions:
        yield f"[pulsar] click_partitions: {worded(**cluster['partitions'])} at least, there are {layout.partitions}"
    if cluster and cluster["slots"]["needed"] > slots:
        yield f"[stack] slots × taskmanagers: {worded(**cluster['slots'])}, now {slots}"


def _cores(run: Rehearsed, full: set[str], wanted: Mapping[str, Any]) -> Iterator[str]:
    all_cores, need = _all_cores(run), wanted["cores_in_all"]
    if need and wanted["of_cluster"] and need["needed"] > all_cores:
        yield (
            f"the machine: {wanted['peak_per_s']:,.0f} events/s take {need['needed']:.1f} ± {need['error']:.1f} cores "
            f"with everything on it, there are {all_cores}; on machines of their own run broker, publishers and "
            f"{worded(**wanted['of_cluster']['taskmanagers'])} TaskManagers like this one"
        )
    elif "machine" in full and _crowded(run):
        yield f"the machine: other programs took {_neighbours(run):.2f} of its {all_cores} cores; rehearse without them"
    elif "machine" in full:
        yield f"the machine: it was full with {all_cores} cores; move publishers and subscribers to another"


def _all_cores(run: Rehearsed) -> int:
    return max((one.all_cores for one in run.intervals), default=1)


def _crowded(run: Rehearsed) -> bool:
    return _neighbours(run) > NEIGHBOURS_SHARE * _all_cores(run)


def _neighbours(run: Rehearsed) -> float:
    """Cores that programs took which are none of the pipeline's, on average."""
    taken = [one.machine_cores - sum(one.cores.values()) for one in run.intervals if one.cores]
    return max(0.0, sum(taken) / len(taken)) if taken else 0.0


def worded(needed: int, most: int) -> str:
    """A number with the upper end of its interval, where that is another."""
    return f"{needed:,}" if needed == most else f"{needed:,} to {most:,}"


def plain(verdict: Verdict) -> dict[str, Any]:
    """The verdict as the command prints it."""
    said = asdict(verdict)
    for one, saturation in zip(said["saturated"], verdict.saturated, strict=True):
        one["sentence"] = saturation.sentence
    if verdict.first is not None:
        said["first"]["sentence"] = verdict.first.sentence
    return said
