"""Write docs/asyncapi.yaml, every topic as AsyncAPI 3.0 for tools and other teams: `python -m schemas.asyncapi`."""

from importlib import import_module
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML

import schemas
from schemas.contract import FOLDER
from schemas.topics import (
    CAMPAIGNS,
    CLICK_TOPICS,
    CLICKS,
    CONVERSION,
    COUPONS,
    DEAD_LETTERS,
    DEFERRED,
    LATE_EVENTS,
    OFFER_MODELS,
    PRESSURE,
    PRICE_RULES,
    PRICES,
    SESSIONS,
    TOPICS,
    UNDELIVERED,
    Topic,
)
from settings import Pulsar
from stack.topics import COMPACTION_BYTES, READERS

PAGE = FOLDER.parent / "docs" / "asyncapi.yaml"
AVRO = "application/vnd.apache.avro;version=1.9.0"
SERVICES = FOLDER.parent / "services"
# Who sends what. Tests hold the jobs' to their sources; the others are the shop, the operator and the library.
SENDERS: dict[str, tuple[Topic, ...]] = {
    "publisher": (*CLICK_TOPICS, DEFERRED),
    "mover": (CLICKS,),
    "watcher": (PRESSURE,),
    "operator": (CAMPAIGNS, PRICE_RULES, OFFER_MODELS),
    "coupons": (COUPONS,),
    "coupons_vip": (COUPONS,),
    "conversion": (CONVERSION, SESSIONS, LATE_EVENTS, PRICES),
    "landing": (DEAD_LETTERS,),
    "subscriber": (UNDELIVERED,),
}
# Besides those of the clicks, which stack/topics.py lists, and the services, which say so themselves.
RECEIVERS: dict[str, tuple[Topic, ...]] = {
    "coupons": (CAMPAIGNS, OFFER_MODELS),
    "coupons_vip": (CAMPAIGNS, OFFER_MODELS),
    "conversion": (PRICE_RULES,),
    "publisher": (PRESSURE,),
    "mover": (DEFERRED,),
}
COMPONENTS = {
    "publisher": "A shop's web, app or till, through ingest/publisher.py or a client of its own (docs/ingest.md).",
    "mover": "`hongbao drain-deferred`, which moves on what waited (docs/ingest.md).",
    "watcher": "`hongbao watch-pressure`, which says how far behind the jobs are (docs/ingest.md).",
    "operator": "Who applies campaigns, price rules and models (docs/campaigns.md, docs/prices.md).",
    "coupons": "The job that decides coupons (docs/jobs.md).",
    "coupons_vip": "The same of VIPs, where they have a TaskManager to themselves; else coupons reads their topic.",
    "conversion": "The job that counts conversion and sessions, and moves prices (docs/jobs.md).",
    "landing": "The job that lands everything as Parquet (docs/jobs.md).",
    "subscriber": "Any service on the subscriber library (docs/subscribers.md).",
}


def document() -> dict[str, Any]:
    """The whole document as JSON types."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hongbao",
            "version": version("hongbao"),
            "description": "Clickstream in, coupons out, in under a second. Every payload is Avro; a message names its "
            "writer's schema version, and readers resolve it by the registry (docs/schemas.md). Times are UTC "
            "milliseconds, money is in minor units beside an ISO 4217 currency.",
        },
        "defaultContentType": "avro/binary",
        "servers": {"broker": _server()},
        "channels": {_name(topic): _channel(topic) for topic in TOPICS},
        "operations": dict(_operation(*who) for who in _who_does_what()),
        "components": {"messages": {topic.record: _message(topic) for topic in TOPICS}},
    }


def _server() -> dict[str, Any]:
    # As it is without any setting: the page must not depend on who writes it.
    defaults = {name: field.default for name, field in Pulsar.model_fields.items()}
    return {
        "host": urlsplit(defaults["service_url"]).netloc,
        "protocol": "pulsar",
        "description": "The broker of this machine, by [pulsar] service_url (docs/settings.md).",
        "bindings": {"pulsar": {"tenant": defaults["tenant"], "bindingVersion": "0.1.0"}},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    binding: dict[str, Any] = {"namespace": topic.path.split("/")[0], "persistence": "persistent"}
    if topic in (CAMPAIGNS, OFFER_MODELS, PRICE_RULES):
        # The binding counts in whole MB and knows no "for ever".
        binding |= {"x-compaction-bytes": COMPACTION_BYTES, "x-retention": "for ever"}
    return {
        "address": f"persistent://{Pulsar.model_fields['tenant'].default}/{topic.path}",
        "description": f"Keyed by {topic.key}: what has one key is in one partition, in order.",
        "servers": [_ref("servers", "broker")],
        "messages": {topic.record: _ref("components", "messages", topic.record)},
        "bindings": {"pulsar": {**binding, "x-partitions": topic.partitions, "bindingVersion": "0.1.0"}},
    }


def _message(topic: Topic) -> dict[str, Any]:
    contract = schemas.load(topic.record)
    names = {field["name"] for field in contract.fields}
    # The click that a message is about, or is.
    cause = next((name for name in ("cause_event_id", "event_id") if name in names), None)
    click = {"location": f"$message.payload#/{cause}", "description": "event_id of the click."}
    return {
        "name": contract.definition["name"],
        "title": topic.record.replace("_", " "),
        "description": contract.definition["doc"],
        **({"correlationId": click} if cause else {}),
        "payload": {"schemaFormat": AVRO, "schema": contract.definition},
        "x-key": topic.key,
        "x-version": contract.definition["version"],
    }


def _who_does_what() -> list[tuple[str, str, Topic]]:
    does = [(who, "send", topic) for who, topics in SENDERS.items() for topic in topics]
    does += [(reader, "receive", topic) for topic, readers in READERS.items() for reader in readers]
    does += [(who, "receive", topic) for who, topics in RECEIVERS.items() for topic in topics]
    return does + [(service, "receive", topic) for service in services() for topic in _topics(service)]


def services() -> list[str]:
    """The services of this checkout that subscribe to something."""
    return [path.stem for path in sorted(SERVICES.glob("*.py")) if "\nTOPICS = " in path.read_text(encoding="utf-8")]


def _topics(service: str) -> tuple[Topic, ...]:
    return tuple(import_module(f"services.{service}").TOPICS)


def _operation(who: str, action: str, topic: Topic) -> tuple[str, dict[str, Any]]:
    name = _name(topic)
    return f"{who}_{action}_{name}", {
        "action": action,
        "channel": _ref("channels", name),
        "messages": [_ref("channels", name, "messages", topic.record)],
        "description": COMPONENTS.get(who) or f"`hongbao service {who}` (docs/subscribers.md).",
        "tags": [{"name": who}],
    }


def _name(topic: Topic) -> str:
    return topic.path.split("/")[1]


def _ref(*path: str) -> dict[str, str]:
    return {"$ref": "#/" + "/".join(path)}


def written() -> str:
    """The document as YAML."""
    yaml = YAML()
    # A folded line would end with a space.
    yaml.width = 10_000
    # No anchors: a reader would have to look for what *id001 is.
    yaml.representer.ignore_aliases = lambda _: True
    text = StringIO()
    yaml.dump(document(), text)
    return "# Written by python -m schemas.asyncapi.\n" + text.getvalue()


def main(page: Path = PAGE) -> None:
    page.write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    main()
