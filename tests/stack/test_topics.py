"""Every click has one job that decides its coupons, whether VIPs have one of their own or not."""

import pytest

from errors import SettingsError
from schemas.topics import CLICK_TOPICS, CLICKS, CLICKS_VIP
from settings import Pressure, Stack, read
from stack import cluster
from stack.topics import jobs, read_by, readers, readers_among


def test_one_job_reads_both_topics_where_vips_have_none_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_STACK_VIP_MEMORY_MB", "0")
    assert [readers(topic) for topic in CLICK_TOPICS] == [("coupons", "landing", "conversion")] * 2
    assert read_by("coupons") == [CLICKS, CLICKS_VIP]


def test_each_job_reads_its_own_topic_where_vips_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_STACK_VIP_MEMORY_MB", "1280")
    assert (read_by("coupons"), read_by("coupons_vip")) == ([CLICKS], [CLICKS_VIP])
    assert read_by("landing") == read_by("a job of the user's own") == [CLICKS, CLICKS_VIP]
    assert [one.name for one in cluster.taskmanagers(read(Stack))] == ["taskmanager-1", "taskmanager-vip"]


def test_whoever_watches_readers_finds_each_on_its_own_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (*read(Pressure).readers, "ours")
    assert jobs() == ("coupons", "landing", "conversion")
    assert [readers_among(topic, names) for topic in CLICK_TOPICS] == [("coupons", "landing", "conversion", "ours")] * 2
    monkeypatch.setenv("HONGBAO_STACK_VIP_MEMORY_MB", "1280")
    assert jobs() == ("coupons", "landing", "conversion", "coupons_vip")
    assert readers_among(CLICKS, names) == ("coupons", "landing", "conversion", "ours")
    assert readers_among(CLICKS_VIP, names) == ("coupons_vip", "landing", "conversion", "ours")


def test_vips_slot_needs_the_scheduler_that_tells_slots_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_STACK_VIP_MEMORY_MB", "1280")
    monkeypatch.setenv("HONGBAO_STACK_SCHEDULER", "adaptive")
    with pytest.raises(SettingsError, match="cannot keep a TaskManager for VIPs"):
        read(Stack)


def test_a_taskmanager_too_small_for_a_heap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_STACK_VIP_MEMORY_MB", "600")
    with pytest.raises(SettingsError, match="it must be 0, or at least 1152"):
        read(Stack)
