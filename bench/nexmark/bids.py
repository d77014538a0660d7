"""Make Nexmark's bids: which auctions and bidders are hot, prices, event time; from their number and a seed alone.

The figures are those of the published model (nexmark/nexmark on GitHub, its default configuration). Simpler here:
persons and auctions are counted, because the bids' ids follow from them, but not made; one generator makes all; a hot
channel is one of four as there, but channels have no ids of their own in the URL.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

# Of 50 events one is a new person, three are new auctions and the rest bids, in this order.
PERSONS, AUCTIONS, BIDS = 1, 3, 46
EVENTS = PERSONS + AUCTIONS + BIDS
# By event time, persons and auctions included.
EVENTS_PER_S = 10_000
FIRST_ID = 1_000
# One bid in so many is for any auction in flight, or by any active person; the others are for, and by, a hot one.
HOT_AUCTION_RATIO, HOT_BIDDER_RATIO, HOT_CHANNEL_RATIO = 2, 4, 2
# The hot one changes with each so many new ones.
HOT_EVERY = 100
IN_FLIGHT, ACTIVE = 100, 1_000
# Ids that are not there yet are bid for too, up to so many ahead.
AHEAD = 10
CHANNELS = 10_000
HOT_CHANNELS = ("Google", "Facebook", "Baidu", "Apple")
BYTES = 100
# Of two bids' texts a byte is the same: a broker that compresses must not gain from it.
LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
# 2026-01-01T00:00:00Z.
BEGINS_MS = 1_767_225_600_000
BLOCK = 20_000

COLUMNS = ("auction", "bidder", "price", "date_time")


def numbers(count: int, seed: int = 1) -> pa.Table:
    """The first `count` bids without their texts: auction, bidder, price in cents, date_time in UTC milliseconds."""
    return pa.concat_tables(_table(block) for block in _blocks(count, seed))


def records(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """The same bids, whole, in order of event time, as they are encoded."""
    texts = np.random.default_rng((seed, 1))
    for block in _blocks(count, seed):
        hot = texts.integers(HOT_CHANNEL_RATIO, size=BLOCK) > 0
        chosen = np.where(hot, texts.integers(len(HOT_CHANNELS), size=BLOCK), texts.integers(CHANNELS, size=BLOCK))
        letters = LETTERS[texts.integers(len(LETTERS), size=(BLOCK, BYTES))].tobytes().decode("ascii")
        # The last block's numbers may be fewer.
        columns = zip(*(block[name].tolist() for name in COLUMNS), hot.tolist(), chosen.tolist(), strict=False)
        for number, (auction, bidder, price, date_time, is_hot, which) in enumerate(columns):
            channel = HOT_CHANNELS[which] if is_hot else f"channel-{which}"
            url = f"https://www.nexmark.com/{channel.lower()}/item.htm?query=1"
            # Four numbers of 8 bytes; the texts have what is left of the 100.
            left = max(0, BYTES - 32 - len(channel) - len(url))
            yield {
                "auction": auction,
                "bidder": bidder,
                "price": price,
                "channel": channel,
                "url": url,
                "date_time": date_time,
                "extra": letters[number * BYTES : number * BYTES + left],
            }


def _table(block: dict[str, Any]) -> pa.Table:
    moments = pa.array(block["date_time"], pa.timestamp("ms", tz="UTC"))
    return pa.table({**block, "date_time": moments})


def _blocks(count: int, seed: int) -> Iterator[dict[str, Any]]:
    dice = np.random.default_rng((seed, 0))
    for first in range(0, count, BLOCK):
        # Whole ones are made, so that a bid does not depend on how many come after it.
        block = _block(np.arange(first, first + BLOCK), dice)
        yield {name: column[: count - first] for name, column in block.items()}


def _block(bids: Any, dice: np.random.Generator) -> dict[str, Any]:
    """The numbers of these bids, counted from 0."""
    rounds = bids // BIDS
    events = rounds * EVENTS + PERSONS + AUCTIONS + bids % BIDS
    newest_person = rounds * PERSONS + PERSONS - 1
    newest_auction = rounds * AUCTIONS + AUCTIONS - 1
    size = len(bids)

    oldest = np.maximum(newest_auction - IN_FLIGHT, 0)
    any_auction = oldest + dice.integers(newest_auction - oldest + 1 + AHEAD)
    hot_auction = newest_auction // HOT_EVERY * HOT_EVERY
    auction = np.where(dice.integers(HOT_AUCTION_RATIO, size=size) > 0, hot_auction, any_auction)

    active = np.minimum(newest_person + 1, ACTIVE)
    any_bidder = newest_person + 1 - active + dice.integers(active + AHEAD)
    # Not the first of the hundred, who is the hot seller.
    hot_bidder = newest_person // HOT_EVERY * HOT_EVERY + 1
    bidder = np.where(dice.integers(HOT_BIDDER_RATIO, size=size) > 0, hot_bidder, any_bidder)

    return {
        "auction": FIRST_ID + auction,
        "bidder": FIRST_ID + bidder,
        "price": np.rint(10 ** (dice.random(size) * 6) * 100).astype(np.int64),
        "date_time": BEGINS_MS + events * 1_000 // EVENTS_PER_S,
    }
