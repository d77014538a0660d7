"""Write the reference of every view's columns into docs/warehouse.md: `python -m warehouse.reference`."""

from pathlib import Path

import schemas
from warehouse.connection import VIEWS, Connection, connect, text
from warehouse.tables import TABLES

PAGE = Path(__file__).parent.parent / "docs" / "warehouse.md"
BEGIN, END = "<!-- columns, written by python -m warehouse.reference -->\n", "<!-- end of columns -->\n"

# Which contract explains a view's columns, where it is not a landed table's own.
RECORDS = {
    "sessions": "session_result",
    "funnel": "click_event",
    "coupon_outcome": "coupon_trigger",
    "campaign_counts": "campaign_decision",
    "campaign_arms": "campaign_decision",
}
# What no contract explains, or this view means differently.
MEANINGS = {
    "shopper_id": "user_id, else anonymous_id.",
    "topic": "Where the message was read, with its partition.",
    "message_id": "ledger:entry:partition:batch-index in Pulsar.",
    "schema_version": "Writer's schema version in the registry; null where the message has none.",
    "published_at": "When it was published, by the publisher's clock.",
    "appended_at": "When the broker took it, by the broker's clock.",
    "read_at": "When the job read it.",
    "event_date": "UTC date of the folder: filter on it to open fewer files.",
    "event_hour": "UTC hour of the folder, 0 to 23.",
    "sessions.started_at": "First event, event time.",
    "sessions.ended_at": "Last event, event time.",
    "sessions.source": "What reported the first event; at one moment, the first by the alphabet.",
    "sessions.campaign_id": "Of the first event that names a campaign; at one moment, the first by the alphabet.",
    "sessions.membership_tier": "The shopper's tier at the last event; at one moment, the last by the alphabet.",
    "sessions.events": "Events of any type.",
    "sessions.steps": "Steps of the funnel taken without leaving one out: view, add, checkout, order; 0 to 4.",
    "funnel.day": "UTC day on which the visit started.",
    "funnel.step": "1 to 4.",
    "funnel.event_type": "The event that takes the step.",
    "funnel.visits": "Visits that took this step and every step before it.",
    "funnel.shoppers": "Their shoppers.",
    "funnel.share_of_previous": "visits / visits of the step before; null for the first.",
    "funnel.share_of_first": "visits / visits of the first step.",
    "coupon_outcome.outcome": "ordered, applied, expired (never used) or open (can still be used).",
    "coupon_outcome.used": "Whether a coupon_applied or order_completed names it.",
    "coupon_outcome.used_at": "The first of these events, event time.",
    "coupon_outcome.seconds_to_use": "From sent_at to used_at; a device's clock may make it negative.",
    "coupon_outcome.orders": "Orders of which any line, or a coupon_applied, names it.",
    "coupon_outcome.order_minor": "price_minor x quantity of all lines of those orders in the coupon's currency.",
    "campaign_counts.currency": "ISO 4217 code of cost_minor; a campaign of several has a row each.",
    "campaign_counts.triggered": "Candidates, whatever became of them.",
    "campaign_counts.issued": "Coupons, points and prizes sent.",
    "campaign_counts.held_out": "Would have been sent, but the shopper is held out.",
    "campaign_counts.no_luck": "The draw gave nothing.",
    "campaign_counts.past_deadline": "The moment for it had passed: the cause was older than the deadline.",
    "campaign_counts.capped": "A cap was reached.",
    "campaign_counts.cooled_down": "Too soon after the shopper's last one.",
    "campaign_counts.excluded": "Another campaign of the exclusive group had served the shopper.",
    "campaign_counts.out_of_budget": "Money, pieces or stock would not have sufficed.",
    "campaign_counts.outranked": "Another campaign had the candidate.",
    "campaign_counts.cost_minor": "What the budget was charged for all issued.",
    "campaign_arms.currency": "ISO 4217 code of all amounts; orders in another one do not count.",
    "campaign_arms.membership_tier": "The shopper's tier at the first decision.",
    "campaign_arms.arm": "treated or held_out: what the campaign's first decision to issue or hold out said.",
    "campaign_arms.shoppers": "Shoppers in the arm.",
    "campaign_arms.coupons": "Issued to them by this campaign in their seven days.",
    "campaign_arms.buyers": "Shoppers with an order in their seven days.",
    "campaign_arms.orders": "Distinct orders in seven days from the first decision's cause, with or without a coupon.",
    "campaign_arms.revenue_minor": "price_minor x quantity of those orders; what was refunded later is in it.",
    "campaign_arms.revenue_squares": "Sum of the squares of what each shopper spent; it gives the variance.",
    "campaign_arms.cost_minor": "What the budget was charged for coupons: the most that they can cost.",
}


def reference() -> str:
    """A heading, a sentence and a table of columns for each view, in Markdown."""
    with connect(Path("/nowhere")) as warehouse:
        return "\n".join(_section(warehouse, view) for view in VIEWS)


def _section(warehouse: Connection, view: str) -> str:
    answer = warehouse.sql(f"FROM {view}")
    rows = [
        f"| {column} | {kind} | {_meaning(view, column)} |"
        for column, kind in zip(answer.columns, answer.types, strict=True)
    ]
    sentence = text(view).splitlines()[0].removeprefix("-- ")
    return "\n".join([f"### {view}", "", sentence, "", "| column | type | meaning |", "|---|---|---|", *rows, ""])


def _meaning(view: str, column: str) -> str:
    record = TABLES[view].record if view in TABLES else RECORDS[view]
    docs = {field["name"]: field["doc"] for field in schemas.load(record).fields}
    return MEANINGS.get(f"{view}.{column}") or docs.get(column) or MEANINGS[column]


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + BEGIN + reference() + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
