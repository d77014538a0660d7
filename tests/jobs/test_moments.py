"""The .sql files of the patterns that campaigns answer find what the reference finds."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from ledger.event import Event
from ledger.moments import PATTERNS, moments
from settings import Stack
from settings.reader import ROOT
from stack import jars
from stack.cluster import client_environment
from tests.ledger.moments_cases import THRESHOLDS, cases


def test_patterns_match_where_the_reference_says(tmp_path: Path) -> None:
    stack = Stack(folder=tmp_path)
    jars.link_lib(tmp_path)
    conf = tmp_path / "flink" / "conf"
    conf.mkdir(parents=True)
    (conf / "config.yaml").write_text(f"env.java.opts.all: {' '.join(jars.java_options())}\n", encoding="utf-8")
    ours = {
        "HONGBAO_COUPONS_BASKET_THRESHOLD_MINOR": "1000",
        "HONGBAO_COUPONS_PRICE_DROP_WITHIN": "1 d",
        "HONGBAO_COUPONS_CHECKOUT_HESITATION_WITHIN": "10 min",
        "HONGBAO_COUPONS_LAPSED_AFTER": "60 d",
        "HONGBAO_COUPONS_PRICE_DROP_PERCENT": "10",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.jobs.moments_by_sql"],
        cwd=ROOT,
        env={**os.environ, **client_environment(stack), **ours},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (answer,) = [line for line in done.stdout.splitlines() if line.startswith("[[")]
    found = sorted([shopper, rule, event, nth] for shopper, rule, event, nth in json.loads(answer) if rule in PATTERNS)
    never_forgetting = replace(THRESHOLDS, forget_after_ms=10**15)
    wanted = [
        [f"shopper-{number}", one.rule, one.event.event_id, one.nth]
        for number, shopper in enumerate(cases()["shoppers"])
        for one in moments([Event(**event) for event in shopper["events"]], never_forgetting)
    ]
    assert len(wanted) > 100
    assert found == sorted(wanted)
