"""Say of each campaign what it added, by the arms that landed, and what must not be believed of it."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import warehouse
from effect.intervals import (
    Sums,
    Uplift,
    cost_per_additional,
    mean_uplift,
    relative_uplift,
    share_uplift,
    split_p_value,
)
from errors import CannotRun, ProblemFound, SettingsError
from settings import Campaigns, read

# A sound split goes below it once in a thousand campaigns.
SPLIT_P_VALUE = 0.001
# Below it Welch's interval of what shoppers spend is too narrow: with 30 buyers of 1,000 held out, whose orders are
# as unlike as lognormal ones of sigma 1, it misses one time in eleven: who sees no large order sees no variance either.
LEAST_BUYERS = 100


@dataclass(frozen=True)
class Arm:
    """Sums over the shoppers of an arm, of the seven days after each one joined it; squares are of revenue_minor."""

    shoppers: int = 0
    coupons: int = 0
    buyers: int = 0
    orders: int = 0
    revenue_minor: int = 0
    revenue_squares: int = 0
    cost_minor: int = 0

    def __add__(self, other: "Arm") -> "Arm":
        return Arm(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Arm)))


@dataclass(frozen=True)
class Effect:
    """What one campaign added, of one tier or (None) all; money is in minor units of `currency`.

    conversion       difference of buyers / shoppers
    relative         the same as a part of the held out's
    revenue_minor    difference of what a shopper spent
    split_p_value    how likely so uneven a split is; None without a `holdout_share` to hold it to
    cost_per_additional_order_minor   one order a buyer who would not have bought
    findings         sentences that make the rest unbelievable; `remarks` why a figure is missing
    """

    campaign_id: str
    currency: str
    membership_tier: str | None
    treated: Arm
    held_out: Arm
    conversion: Uplift
    relative: Uplift
    revenue_minor: Uplift
    cost_per_additional_order_minor: Uplift
    holdout_share: float | None
    split_p_value: float | None
    findings: tuple[str, ...]
    remarks: tuple[str, ...]


def effects(
    folder: Path | None = None, campaign: str | None = None, by: str | None = None, campaigns: Path | None = None
) -> list[Effect]:
    """The effect of every campaign, or of one, that has issued or held out; `by` "tier" a row a tier.

    `folder` is the warehouse's. The share to hold the split to is that of `campaigns`/<name>.toml. Raises ProblemFound
    for a campaign of which nothing has landed.
    """
    if by not in (None, "tier"):
        raise CannotRun(f"effect: it can be told by tier, got {by!r}")
    rows = warehouse.query("FROM campaign_arms ORDER BY campaign_id, currency, membership_tier", folder)
    known = dict.fromkeys(row["campaign_id"] for row in rows)
    if campaign is not None and campaign not in known:
        raise ProblemFound(f"effect: {campaign!r} has issued and held out nothing; those that did: {_list(known)}")
    arms: dict[tuple[str, str, str | None], dict[str, Arm]] = defaultdict(lambda: defaultdict(Arm))
    for row in rows:
        if campaign in (None, row["campaign_id"]):
            key = (row["campaign_id"], row["currency"], row["membership_tier"] if by else None)
            arms[key][row["arm"]] += Arm(**{field.name: int(row[field.name]) for field in fields(Arm)})
    return [
        effect(
            *key,
            treated=of["treated"],
            held_out=of["held_out"],
            holdout_share=_share(campaigns or read(Campaigns).folder, key[0]),
        )
        for key, of in arms.items()
    ]


def effect(
    campaign_id: str, currency: str, tier: str | None, treated: Arm, held_out: Arm, holdout_share: float | None
) -> Effect:
    """The effect by two arms, nothing landed needed."""
    conversion = share_uplift(treated.buyers, treated.shoppers, held_out.buyers, held_out.shoppers)
    revenue = mean_uplift(_spent(treated), _spent(held_out))
    enough = min(treated.buyers, held_out.buyers) >= LEAST_BUYERS
    p_value = split_p_value(treated.shoppers, held_out.shoppers, holdout_share) if holdout_share else None
    found = Effect(
        campaign_id=campaign_id,
        currency=currency,
        membership_tier=tier,
        treated=treated,
        held_out=held_out,
        conversion=conversion,
        relative=relative_uplift(treated.buyers, treated.shoppers, held_out.buyers, held_out.shoppers),
        revenue_minor=revenue if enough else Uplift(revenue.value, None, None),
        cost_per_additional_order_minor=cost_per_additional(treated.cost_minor, treated.shoppers, conversion),
        holdout_share=holdout_share,
        split_p_value=p_value,
        findings=(),
        remarks=(),
    )
    return _told(found)


def _told(found: Effect) -> Effect:
    """With its sentences."""
    where = found.campaign_id if found.membership_tier is None else f"{found.campaign_id}, {found.membership_tier}"
    findings = []
    if found.split_p_value is not None and found.split_p_value < SPLIT_P_VALUE:
        shoppers = found.treated.shoppers + found.held_out.shoppers
        findings.append(
            f"{where}: {found.held_out.shoppers:,} of {shoppers:,} shoppers are held out, not the configured "
            f"{found.holdout_share:.3g} (p = {found.split_p_value:.1g}); believe no uplift before that is explained"
        )
    return replace(found, findings=tuple(findings), remarks=tuple(_remarks(where, found)))


def _remarks(where: str, found: Effect) -> Iterable[str]:
    if not found.held_out.shoppers or not found.treated.shoppers:
        missing = "held out" if found.treated.shoppers else "treated"
        yield f"{where}: nobody is {missing}, so there is nothing to compare with; give the campaign a [holdout]"
        return
    if found.conversion.negative:
        yield f"{where}: no cost per additional order: the coupons kept shoppers from ordering"
    elif not found.conversion.positive:
        yield f"{where}: no cost per additional order: the interval of the uplift includes 0, so maybe none is"
    if found.revenue_minor.low is None:
        yield (
            f"{where}: no interval of the revenue: it needs {LEAST_BUYERS} buyers in each arm, and there are "
            f"{found.treated.buyers:,} treated and {found.held_out.buyers:,} held out"
        )


def _spent(arm: Arm) -> Sums:
    return Sums(arm.shoppers, arm.revenue_minor, arm.revenue_squares)


def _share(campaigns: Path, name: str) -> float | None:
    """The configured share held out, above 0; None where the campaign has no file, or its file no holdout."""
    path = campaigns / f"{name}.toml"
    # A campaign_id can also be what some client put into a click.
    if path.parent != campaigns or not path.is_file():
        return None
    try:
        holdout = tomllib.loads(path.read_text(encoding="utf-8")).get("holdout", {})
        return float(holdout["share"]) or None if "share" in holdout else None
    except (tomllib.TOMLDecodeError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(f"{path}: [holdout] share: {error}; hongbao effect holds the split to it") from None


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "none so far"
