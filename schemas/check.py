"""Tell, before anything is deployed, which change to a contract would break whom."""

import json
from pathlib import Path
from typing import Any

import schemas
from errors import Unreachable
from schemas import Contract, registry
from schemas.changes import Finding, compare, flaws
from schemas.contract import FOLDER
from schemas.topics import TOPICS, Topic
from settings import Pulsar, read

RELEASED = FOLDER / "released"


def check(folder: Path = RELEASED) -> list[Finding]:
    """Compare every contract with each released version; where a broker answers, also with its registry's.

    The registry is then asked as well: what it makes of a contract otherwise than we do is a finding.
    """
    findings: list[Finding] = []
    for name in schemas.names():
        contract = schemas.load(name)
        findings += flaws(contract)
        for version, definition in _released(name, folder).items():
            findings += compare(contract, version, definition)
    try:
        for topic in TOPICS:
            findings += check_registry(read(Pulsar), topic, schemas.load(topic.record))
    except Unreachable:
        # Without a broker the released versions must do.
        pass
    return findings


def check_registry(pulsar: Pulsar, topic: Topic, contract: Contract) -> list[Finding]:
    """Compare the contract with every version the topic has, and with what the registry itself says of it.

    Raises Unreachable without a broker.
    """
    ours = registry.findings(contract, topic, registry.versions(pulsar, topic))
    refusal = registry.refusal(pulsar, topic, contract)
    return ours + disagreement(contract, topic, ours, refusal)


def disagreement(contract: Contract, topic: Topic, ours: list[Finding], refusal: str | None) -> list[Finding]:
    """What to tell where the registry's answer (None: it would take the contract) is not the one of `ours`."""
    breaks = any(finding.breaks for finding in ours) or bool(flaws(contract))
    if breaks == (refusal is not None):
        return []
    record, version = contract.name, f"the registry of {topic.path}"
    if breaks:
        sentence = f"{record}: {version} would take this contract; only hongbao holds it back"
    else:
        sentence = f"{record}: {version} refuses this contract, though nothing here breaks: {refusal}"
    return [Finding(record, version, "", "registry", sentence, not breaks)]


def _released(name: str, folder: Path) -> dict[str, dict[str, Any]]:
    return {
        f"released version {path.stem}": json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((folder / name).glob("*.avsc"), key=lambda path: int(path.stem))
    }
