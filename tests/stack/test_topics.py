"""Every click has one job that decides its coupons, whether VIPs have one of their own or not."""

import pytest

from errors import SettingsError
from schemas.topics import CLICK_TOPICS, CLICKS, CLICKS_VIP
from settings import Stack, read
from stack import cluster
from stack.topics import read_by, readers


def test_one_job_reads_both_topics_where_vips_have_none_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_STACK_VIP_MEMORY_MB", "0")
    assert [readers(topic) for topic in CLICK_TOPICS] == [("coupons", "landing", "conversion")] * 2
    assert read_by("coupons") == [CLICKS, CLICKS_VIP]


def test_each_job_reads_its_own_topic_where_vips_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_STACK_VIP_MEMORY_MB", "1280")
    assert (read_by("coupons"), read_by("coupons_vip")) == ([CLICKS], [CLICKS_VIP])
    assert read_by("landing") == read_by("a job of the user's own") == [CLICKS, CLICKS_VIP]
    assert [one.name for one in cluster.taskmanagers(read(Stack))] == ["taskmanager-1", "taskmanager-vip"]


def test_a_taskmanager_too_small_for_a_heap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_STACK_VIP_MEMORY_MB", "600")
    with pytest.raises(SettingsError, match="it must be 0, or at least 1152"):
        read(Stack)
