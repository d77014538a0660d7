"""The operator's commands: exit codes, one sentence, and on stdout the answer alone."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from settings import Pulsar
from tests.campaigns.test_file import LEAST
from tests.campaigns.test_folder import write
from tests.cli.running import NOWHERE, hongbao
from tests.warehouse.landing import event, land


def test_valid_files_are_counted_without_a_broker(tmp_path: Path) -> None:
    write(tmp_path, "a")
    done = hongbao("campaign", "check", "--folder", str(tmp_path), **NOWHERE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 campaigns are valid\n", "")
    done = hongbao("campaign", "check", "--json", HONGBAO_CAMPAIGNS_FOLDER=str(tmp_path), **NOWHERE)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"campaigns": ["a"], "faults": []})


def test_faults_are_the_answer_of_check_and_keep_the_others_from_running(tmp_path: Path) -> None:
    path = write(tmp_path, "a", LEAST.replace("percent = 10", "percent = 0").replace('"1 d"', '"1"'))
    checked = hongbao("campaign", "check", "--folder", str(tmp_path))
    assert (checked.returncode, checked.stderr) == (1, "")
    assert [line.split(": ")[:2] for line in checked.stdout.splitlines()] == [
        [str(path), "valid_for"],
        [str(path), "offers.ten_percent.percent"],
    ]
    for command in (["plan", "--offline"], ["apply"]):
        refused = hongbao("campaign", *command, "--folder", str(tmp_path), **NOWHERE)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr == f"hongbao: {checked.stdout}"


def test_folder_that_is_not_there_cannot_run(tmp_path: Path) -> None:
    done = hongbao("campaign", "check", "--folder", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("none: no such folder; create it or set [campaigns] folder\n")


def test_plan_offline_tells_what_yesterday_would_have_cost(tmp_path: Path) -> None:
    write(tmp_path, "sale")
    yesterday = (datetime.now(UTC) - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    times = [
        dict.fromkeys(("occurred_at", "published_at", "appended_at"), yesterday + timedelta(seconds=n))
        for n in range(3)
    ]
    land(tmp_path / "warehouse", "events", [event(n, membership_tier="gold", **times[n]) for n in range(3)])
    ours = {"HONGBAO_WAREHOUSE_FOLDER": str(tmp_path / "warehouse"), **NOWHERE}
    done = hongbao("campaign", "plan", "--offline", "--folder", str(tmp_path), "--json", **ours)
    answer = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert [(one["campaign"], one["change"]) for one in answer["changes"]] == [("sale", "new")]
    assert (answer["day"], answer["candidates"]) == (f"{yesterday:%Y-%m-%d}", 1)
    (effect,) = answer["effects"]
    assert (effect["outcomes"]["issued"], effect["cost_minor"]) == (1, 120)
    assert effect["tiers"] == {"gold": {"coupons": 1, "shoppers": 1, "cost_minor": 120}}
    before = f"{yesterday - timedelta(days=1):%Y-%m-%d}"
    other = hongbao("campaign", "plan", "--offline", "--folder", str(tmp_path), "--day", before, **ours)
    assert other.stdout.splitlines() == [
        "sale: new",
        "",
        f"On {before} (UTC) there were 0 candidates; had these campaigns begun that day:",
        "sale: 0 issued to 0 shoppers for 0 minor CNY",
    ]


# One that reads and one that publishes: each waits ten seconds for the broker, and the others share their ways.
@pytest.mark.parametrize("arguments", [["status"], ["pause", "sale"]], ids=" ".join)
def test_broker_that_is_not_there_cannot_run(arguments: list[str], tmp_path: Path) -> None:
    write(tmp_path, "sale")
    done = hongbao("campaign", *arguments, HONGBAO_CAMPAIGNS_FOLDER=str(tmp_path), **NOWHERE)
    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("hongbao: ")]
    assert "hongbao up" in sentence
    assert "Traceback" not in done.stderr


@pytest.mark.stack
def test_campaign_is_applied_changed_paused_and_resumed(own_topics: Pulsar, tmp_path: Path) -> None:
    ours = {
        "HONGBAO_PULSAR_TENANT": own_topics.tenant,
        "HONGBAO_CAMPAIGNS_FOLDER": str(tmp_path),
        "HONGBAO_WAREHOUSE_FOLDER": str(tmp_path / "warehouse"),
    }

    def run(*arguments: str) -> list[str]:
        done = hongbao("campaign", *arguments, **ours)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    write(tmp_path, "sale")
    assert run("plan")[0] == "sale: new"
    assert run("apply") == ["sale: version 1, active"]
    assert run("apply") == ["nothing to change"]
    assert json.loads(run("apply", "--json")[0]) == []
    assert run("plan")[0] == "sale: unchanged (version 1, active)"
    write(tmp_path, "sale", LEAST.replace("percent = 10", "percent = 12"))
    assert run("plan")[:2] == ["sale: changed (version 1, active)", "  offers.ten_percent.percent: 10 -> 12"]
    assert run("pause", "sale") == ["sale: version 2, paused"]
    assert json.loads(run("apply", "--json")[0]) == [{"name": "sale", "version": 3, "status": "paused"}]
    assert run("resume", "sale") == ["sale: version 4, active"]
    (standing,) = json.loads(run("status", "--json")[0])
    assert (standing["campaign"], standing["version"], standing["file"]) == ("sale", 4, "same")
    unknown = hongbao("campaign", "pause", "sael", **ours)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr == "hongbao: campaign: no 'sael' was applied; there are sale\n"


@pytest.mark.stack
def test_record_that_is_no_campaign_is_told_beside_the_answer(own_topics: Pulsar, tmp_path: Path) -> None:
    from tests.campaigns.test_store import publish_raw, record

    publish_raw(own_topics, ("other", record(definition="{")))
    ours = {"HONGBAO_PULSAR_TENANT": own_topics.tenant, "HONGBAO_CAMPAIGNS_FOLDER": str(tmp_path)}
    done = hongbao("campaign", "status", "--json", HONGBAO_WAREHOUSE_FOLDER=str(tmp_path / "warehouse"), **ours)
    (standing,) = json.loads(done.stdout)
    assert (done.returncode, standing["state"]) == (1, "unreadable")
    assert done.stderr.startswith("hongbao: campaigns/definitions: other version 1: definition: Invalid JSON")
