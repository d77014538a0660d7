"""Run a sale with six campaigns: apply them, change two midway, exhaust a budget and a stock, hold all to the truth."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import warehouse
from campaigns.definition import Campaign
from demo import campaign_figures, figures, responder
from demo.campaign_figures import CampaignSale, Change, Check, OfCampaign, Receipt, Uplift, WrongRecord
from demo.campaign_folder import Folder, Plan
from demo.sale import simulate
from demo.screen import Screen
from effect import Effect, effects
from effect.intervals import share_uplift
from ingest import profile
from jobs.submit import submit_and_check
from ledger import Account, Asked, account
from settings import Flink, Pulsar, Stack, read
from settings.reader import ROOT
from stack.child import process
from stack.flink_rest import FlinkRest
from stack.private import private

PROFILE = "steady=100x15s,burst=2000x60s,calm=100x15s"
ABANDONED_S = 8
SHORTENED = {
    "HONGBAO_COUPONS_ABANDONED_AFTER": f"{ABANDONED_S} s",
    # What it measures lands with a checkpoint, and the visitor waits for the last one.
    "HONGBAO_COUPONS_CHECKPOINT_INTERVAL": "5 s",
    "HONGBAO_LANDING_CHECKPOINT_INTERVAL": "5 s",
    "HONGBAO_STACK_QUICK_START": "true",
    "HONGBAO_PULSAR_CLICK_PARTITIONS": "4",
    # VIPs are served apart from the rush.
    "HONGBAO_STACK_VIP_MEMORY_MB": "1280",
    "HONGBAO_PULSAR_VIP_TOPIC": "true",
}
# More of what earns a coupon than in the other demo: an uplift is told by hundreds of shoppers, not by dozens.
SHOP = {"shoppers": 50_000, "hesitates": 0.03, "scans_code": 0.04}
# How probable it is that a coupon leads to an order that would not have been.
CHANCES = {"sale-hesitation": 0.3, "sale-basket": 0.15}
EXHAUSTED = {"budget": "sale-dear-things", "stock": "sale-red-envelope"}
SURE = 0.999
SETTLE_S = 90.0
FOLDER = Path(__file__).parent


def run(started: float, chosen_profile: str = PROFILE, seed: int = 1) -> CampaignSale:
    """The sale, from nothing to figures; `started` is when its command was given, in seconds since 1970.

    Everything lies in var/demo-campaigns and listens on free ports; whatever it started it stops. The figures are
    written to var/demo-campaigns.json.
    """
    folder = ROOT / "var" / "demo-campaigns"
    phases = profile.parse(chosen_profile)
    with ExitStack() as running:
        screen = running.enter_context(Screen(phases))
        running.callback(screen.say, "stopped")
        running.enter_context(private(folder, SHORTENED, screen.say))
        receipts, book, ledger = folder / "receipts.jsonl", folder / "responses.db", folder / "ledger"
        files = Folder(folder / "campaigns", read(Pulsar))
        files.write(datetime.now(UTC))
        screen.say(f"applied {len(files.apply())} campaigns")
        running.enter_context(process("demo.subscriber", str(receipts)))
        running.enter_context(process("demo.responder", str(book), json.dumps(CHANCES)))
        submit_and_check(("coupons", "coupons_vip", "landing"), screen.say)
        plan = _plan(files, screen, sum(phase.events for phase in phases))
        screen.say("the sale is on")

        def tell(told: Mapping[str, Any]) -> None:
            screen.show(told, receipts)
            plan.go(told["sent"])

        simulate(ledger, chosen_profile, seed, tell, SHOP)
        screen.say("waiting for the last coupons to land")
        # A basket that the last event filled is left behind only now.
        time.sleep(ABANDONED_S)
        accounted = _settle(ledger, receipts, book)
        found = _figures(files, accounted, _received(receipts), responder.responses(book), ledger, started)
    (ROOT / "var" / "demo-campaigns.json").write_text(json.dumps(found.summary(), indent=2) + "\n", encoding="utf-8")
    return found


def _plan(files: Folder, screen: Screen, events: int) -> Plan:
    def slip() -> None:
        screen.say(f"a wrong file: apply names {len(files.slip())} faults and publishes nothing")

    def change() -> None:
        screen.say("applied " + ", ".join(f"{one.key} version {one.version}" for one in files.change()))

    def put_broken() -> None:
        files.put_broken(datetime.now(UTC))
        screen.say("a version that is none is on the topic")

    return Plan(events, [(0.25, slip), (0.45, change), (0.6, put_broken)])


def _received(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _settle(ledger: Path, receipts: Path, book: Path) -> Account:
    """Return when every event, coupon and order that a coupon led to has landed, or will not."""
    deadline_s = time.monotonic() + SETTLE_S
    while True:
        accounted = account(Asked((ledger,), settled=True))
        owed = responder.responses(book)
        (landed,) = warehouse.query(
            "SELECT count(*) AS coupons, count(*) FILTER (outcome = 'ordered') AS redeemed FROM coupon_outcome"
        )
        there = {"coupons": len(campaign_figures.first_receipts(_received(receipts))), "redeemed": len(owed)}
        if (accounted.whole and landed == there) or time.monotonic() > deadline_s:
            return accounted
        time.sleep(2)


def _figures(
    files: Folder,
    accounted: Account,
    received: Sequence[Receipt],
    owed: Sequence[Mapping[str, Any]],
    ledger: Path,
    started: float,
) -> CampaignSale:
    coupons = campaign_figures.first_receipts(received)
    convinced = {(one["campaign_id"], one["shopper_id"]) for one in owed}
    counts = _by_campaign("FROM campaign_counts")
    redeemed = _by_campaign(
        "SELECT campaign_id, count(*) AS redeemed FROM coupon_outcome WHERE outcome = 'ordered' GROUP BY campaign_id"
    )
    found = {one.campaign_id: one for one in effects(campaigns=files.folder)}
    ordered_ms = ordered(ledger)
    latency, _, repeats = figures.latency_of(received)
    of_campaigns, checks = [], {}
    for name, campaign in sorted(files.campaigns.items()):
        ours = [one for one in coupons if one["campaign_id"] == name]
        true = campaign_figures.truth(name, ours, convinced, ordered_ms)
        row = {**counts.get(name, {}), **redeemed.get(name, {})}
        of_campaigns.append(_of_campaign(campaign, row, ours, found.get(name), true))
        checks[name] = _check(found.get(name), len(ours), sum(one["campaign_id"] == name for one in owed))
    return CampaignSale(
        **{name: accounted.events[name] for name in ("published", "landed", "lost")},
        campaigns=of_campaigns,
        vip={
            "p99_ms": campaign_figures.p99_ms(one for one in coupons if one["lane"] == "vip"),
            "normal_p99_ms": campaign_figures.p99_ms(one for one in coupons if one["lane"] == "normal"),
        },
        governance_us=_governance(),
        coupons=len(coupons),
        duplicate_coupons=repeats,
        coupon_latency_ms=latency,
        changes=[_change(version.name, version.version, version.applied_at) for version in files.applied.values()],
        wrong_file=files.wrong_file,
        wrong_record=_wrong_record(files),
        checks=checks,
        exhausted=EXHAUSTED,
        seconds=round(time.time() - started, 1),
    )


def _of_campaign(
    campaign: Campaign, row: Mapping[str, int], ours: Sequence[Receipt], found: Effect | None, true: float | None
) -> OfCampaign:
    conversion = found.conversion if found else None
    return OfCampaign(
        name=campaign.name,
        **{name: row.get(name, 0) for name in ("triggered", "capped", "cooled_down", "held_out", "out_of_budget")},
        issued=row.get("issued", 0),
        redeemed=row.get("redeemed", 0),
        overspend=campaign_figures.overspend(campaign, ours),
        p99_ms=campaign_figures.p99_ms(ours),
        uplift=Uplift(
            conversion.value if conversion else None,
            conversion.low if conversion else None,
            conversion.high if conversion else None,
            true,
        ),
    )


def _check(found: Effect | None, received: int, responses: int) -> Check:
    if found is None:
        return Check(received, responses, (None, None))
    treated, held_out = found.treated, found.held_out
    sure = share_uplift(treated.buyers, treated.shoppers, held_out.buyers, held_out.shoppers, SURE)
    return Check(received, responses, (sure.low, sure.high), found.findings)


def _by_campaign(query: str) -> dict[str, dict[str, Any]]:
    return {row["campaign_id"]: row for row in warehouse.query(query)}


def ordered(ledger: Path) -> dict[str, int]:
    """When each shopper last ordered, coupon or not, by the simulator's books: in milliseconds since 1970."""
    last: dict[str, int] = {}
    columns = ["shopper_id", "event_type", "occurred_at", "acknowledged", "expected"]
    for row in pq.read_table(ledger, columns=columns, filters=[("event_type", "=", "order_completed")]).to_pylist():
        if row["acknowledged"] and row["expected"] == "landed":
            occurred_ms = round(row["occurred_at"].timestamp() * 1000)
            last[row["shopper_id"]] = max(occurred_ms, last.get(row["shopper_id"], 0))
    return last


def _change(campaign: str, version: int, applied_at: datetime) -> Change:
    values = {"campaign": campaign, "version": version, "applied_at": applied_at}
    (row,) = warehouse.query((FOLDER / "change.sql").read_text(encoding="utf-8"), values=values)
    taken_up_s, old_s = (None if row[name] is None else row[name] / 1000 for name in ("taken_up_ms", "old_ms"))
    return Change(campaign, version, row["before"], row["after"], taken_up_s, old_s)


def _wrong_record(files: Folder) -> WrongRecord | None:
    if files.wrong_record is None:
        return None
    campaign, version, applied_at = files.wrong_record
    values = {"campaign": campaign, "version": version, "applied_at": applied_at}
    (row,) = warehouse.query((FOLDER / "wrong_record.sql").read_text(encoding="utf-8"), values=values)
    with FlinkRest(read(Flink).rest_url) as rest:
        refused = rest.metrics(rest.running_id("coupons"), "refused_campaigns")
    return WrongRecord(campaign, version, _said(campaign), sum(one > 0 for one in refused), **row)


def _said(campaign: str) -> str | None:
    """What the job's log says of a version of the campaign that it refused."""
    for log in sorted((read(Stack).folder / "log").glob("taskmanager-*.log")):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if campaign in line and line.endswith("the last good version goes on"):
                return line[line.index(campaign) :]
    return None


def _governance() -> dict[str, float | None]:
    """What a candidate costs in governance, of the newest 10,000, in microseconds."""
    found: dict[str, float | None] = {}
    with FlinkRest(read(Flink).rest_url) as rest:
        job_id = rest.running_id("coupons")
        for name, metric in (("p50", "median"), ("p99", "p99")):
            values = rest.metrics(job_id, f"candidate_ns_{metric}")
            found[name] = round(values[0] / 1000, 1) if values else None
    return found
