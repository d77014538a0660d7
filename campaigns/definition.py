"""Say what a campaign is: the one object that its file, its record on the topic and every job mean."""

import json
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

# What Java's long, JSON's double and Python's int all hold exactly.
MOST = 10**15


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = get_close_matches(value, available_timezones(), 1)
        raise ValueError(f"an IANA time zone such as {near[0] if near else 'Asia/Shanghai'!r}") from None
    return value


Tier = Literal["none", "silver", "gold", "vip"]
Kind = Literal["coupon", "points", "prize"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
RuleName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
OfferName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
Text = Annotated[str, Field(min_length=1, max_length=128)]
TimeZone = Annotated[str, AfterValidator(_zone)]
Lane = Literal["by_tier", "vip", "normal"]
# No separator of the hashed text may be in it.
Salt = Annotated[str, Field(pattern=r"^[^\x00-\x1f]*$", max_length=64)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[int, Field(ge=0, le=MOST)]
Count = Annotated[int, Field(ge=1, le=MOST)]
# What is known of a shopper at a moment: the numbers that Profile.java keeps (docs/personalisation.md).
Feature = Literal[
    "events",
    "since_order_ms",
    "orders",
    "lines",
    "coupon_lines",
    "pieces",
    "spent_minor",
    "looks",
    "looked_minor",
    "adds",
    "newest_categories",
    "of_category",
]
# A list as TOML and JSON have it; an empty one would let nobody in, which `hongbao campaign pause` says better.
Texts = Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
Tiers = Annotated[tuple[Tier, ...], Field(strict=False, min_length=1)]


class Part(BaseModel):
    """A piece of a campaign: frozen, nothing is converted, a wrong key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Bounds(Part):
    """What a feature is at least and at most, both included; None is no bound."""

    at_least: Amount | None = None
    at_most: Amount | None = None

    @model_validator(mode="after")
    def _bound(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("at_least, at_most or both")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least must not be above at_most")
        return self

    def hold(self, value: int) -> bool:
        """Whether the value is within."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


# A segment is the shoppers whose features lie within every bound; one that is not known lies within none.
Segment = Annotated[dict[Feature, Bounds], Field(min_length=1)]


class Conditions(Part):
    """What an audience asks beside the segments; what is None lets everybody in."""

    tiers: Tiers | None = None
    categories: Texts | None = None
    stores: Texts | None = None
    least_basket_minor: Amount | None = None
    nth: Count | None = None


class Audience(Conditions):
    """Whom it is for. Of the segments, by name, one must hold."""

    segments: Annotated[dict[Name, Segment], Field(min_length=1)] | None = None


class Offer(Part):
    """What a shopper may get: a discount of `percent` or `minor`, `points`, or a prize; the others are 0.

    A percentage never takes off more than `most_minor`. `cost_minor` is what one of points or prize costs the shop.
    """

    name: OfferName
    kind: Kind = "coupon"
    percent: int = Field(0, ge=0, le=100)
    minor: Amount = 0
    most_minor: Amount = 0
    points: Amount = 0
    cost_minor: Amount = 0
    tiers: Tiers | None = None
    odds: Annotated[float, Field(gt=0, le=1)] | None = None
    stock: Count | None = None


class Limits(Part):
    """How many coupons of the campaign: a shopper in all, a shopper in any 24 hours, and in a day of its time zone."""

    per_shopper: Count | None = None
    per_shopper_per_day: Count | None = None
    per_day: Count | None = None


class Caps(Limits):
    """Limits, and the time between two coupons of one pattern to one shopper."""

    cooldown_ms: Amount = 0


class Budget(Part):
    """What all coupons of the campaign may cost, in minor units of currency, and how many there are.

    VIPs have `vip_share` of it, and of each cap and stock, where a job of their own decides their coupons.
    """

    currency: Currency = "CNY"
    money_minor: Count | None = None
    pieces: Count | None = None
    # VIPs are some 4 % of shoppers, and look at dearer things.
    vip_share: float = Field(0.1, ge=0, le=1)


class Holdout(Part):
    """Which share of shoppers gets nothing, so that the campaign's effect can be told; `salt` draws them."""

    share: float = Field(0.0, ge=0, lt=1)
    salt: Salt = ""


class Choice(Part):
    """How one of several offers is chosen: by the shopper's tier, or by what a model expects it to earn.

    What is bought earns `margin_percent` of its price before the discount; a share `explore` gets any of the offers.
    """

    by: Literal["tier", "model"] = "tier"
    margin_percent: int = Field(30, ge=1, le=100)
    explore: float = Field(0.05, ge=0, le=0.5)


class Campaign(Part):
    """A campaign as the topic carries it; times in milliseconds since 1970, money in minor units."""

    name: Name
    starts_ms: int
    ends_ms: int
    time_zone: TimeZone
    patterns: Texts
    priority: int = Field(0, ge=0, le=1000)
    exclusive_group: Text | None = None
    lane: Lane = "by_tier"
    valid_ms: Count
    deadline_ms: Count | None = None
    audience: Audience = Audience()
    offers: Annotated[tuple[Offer, ...], Field(strict=False, min_length=1)]
    caps: Caps = Caps()
    budget: Budget = Budget()
    holdout: Holdout = Holdout()
    rule: RuleName | None = None
    choice: Choice = Choice()

    @property
    def text(self) -> str:
        """The definition on the topic: one JSON object, keys sorted, every key there; equal campaigns, equal text."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The campaign whose `text` this is; raises ValueError, of pydantic's, where it is none."""
        return cls.model_validate_json(text)

    def of_part(self, vip: bool) -> Self:
        """The campaign with what VIPs, or all others, may have of it. A limit for either alone is not divided."""

        def part(most: int | None, *audiences: Tiers | None) -> int | None:
            if most is None:
                return None
            named = [set(tiers) for tiers in audiences if tiers is not None]
            if all("vip" in tiers for tiers in named):
                vips = most if {"vip"} in named else int(most * self.budget.vip_share)
            else:
                vips = 0
            return vips if vip else most - vips

        tiers, budget = self.audience.tiers, self.budget
        money, pieces = part(budget.money_minor, tiers), part(budget.pieces, tiers)
        offers = tuple(
            offer.model_copy(update={"stock": part(offer.stock, tiers, offer.tiers)}) for offer in self.offers
        )
        return self.model_copy(
            update={
                "budget": budget.model_copy(update={"money_minor": money, "pieces": pieces}),
                "caps": self.caps.model_copy(update={"per_day": part(self.caps.per_day, tiers)}),
                "offers": offers,
            }
        )

    def offers_for(self, tier: str) -> tuple[Offer, ...]:
        """The offers that a shopper of the tier may have, in the file's order."""
        return tuple(offer for offer in self.offers if offer.tiers is None or tier in offer.tiers)


def flat(value: Any, key: str = "") -> dict[str, Any]:
    """A definition's JSON as dotted keys, `offers` by name: what differs between two versions is told by these."""
    if isinstance(value, dict):
        return {k: v for name, inner in value.items() for k, v in flat(inner, f"{key}.{name}".lstrip(".")).items()}
    if key == "offers":
        names = {"offers": [offer["name"] for offer in value]}
        return names | {k: v for offer in value for k, v in flat(offer, f"offers.{offer['name']}").items()}
    return {key: value}
