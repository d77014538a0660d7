"""The bids are Nexmark's in what the queries feel: hot ones, the pace of event time, sizes; and the same each time."""

from typing import Any

import numpy as np

from bench.nexmark import bids
from bench.nexmark.topic import CONTRACT
from schemas.encoder import encoder

COUNT = 230_000
TABLE = bids.numbers(COUNT)


def column(name: str) -> Any:
    return TABLE[name].to_numpy()


def test_the_bids_are_the_same_each_time_and_others_by_another_seed() -> None:
    assert bids.numbers(1_000) == bids.numbers(1_000)
    assert bids.numbers(1_000) != bids.numbers(1_000, seed=2)


def test_fewer_bids_are_the_first_of_more() -> None:
    assert bids.numbers(1_000) == TABLE.slice(0, 1_000)


def test_ten_thousand_events_a_second_are_9_200_bids_in_order() -> None:
    ms = TABLE["date_time"].cast("int64").to_numpy()
    assert np.all(np.diff(ms) >= 0)
    assert (ms[0] - bids.BEGINS_MS, ms[9_200] - bids.BEGINS_MS) == (0, 1_000)


def test_half_of_the_bids_are_for_the_hot_auction_and_three_quarters_by_the_hot_bidder() -> None:
    rounds = np.arange(COUNT) // bids.BIDS
    hot_auction = bids.FIRST_ID + (rounds * 3 + 2) // 100 * 100
    hot_bidder = bids.FIRST_ID + rounds // 100 * 100 + 1
    # Some of the others meet the hot one by chance.
    assert 0.49 < np.mean(column("auction") == hot_auction) < 0.52
    assert 0.74 < np.mean(column("bidder") == hot_bidder) < 0.76


def test_bids_are_for_what_is_in_flight() -> None:
    newest = bids.FIRST_ID + np.arange(COUNT) // bids.BIDS * 3 + 2
    ahead = column("auction") - newest
    assert (ahead.max(), ahead.min()) == (bids.AHEAD, -bids.IN_FLIGHT)


def test_prices_span_a_dollar_to_a_million_evenly_by_magnitude() -> None:
    magnitudes = np.log10(column("price") / 100)
    assert (round(magnitudes.min()), round(magnitudes.max())) == (0, 6)
    assert abs(np.mean(magnitudes < 3) - 0.5) < 0.01


def test_the_records_are_the_numbers_with_texts_up_to_100_bytes() -> None:
    encode = encoder(CONTRACT)
    found = list(bids.records(5_000))
    for name in bids.COLUMNS:
        numbers = TABLE[name].slice(0, 5_000)
        assert [bid[name] for bid in found] == (numbers.cast("int64") if name == "date_time" else numbers).to_pylist()
    # Avro's numbers are shorter than their 8 bytes, its texts have a length before them.
    assert 78 < np.mean([len(encode(bid)) for bid in found]) < 100
