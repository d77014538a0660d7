"""docs/asyncapi.yaml is what the generator writes, keeps the rules of AsyncAPI 3.0, and says what the code does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro
import pytest
from ruamel.yaml import YAML

import schemas
from schemas import asyncapi
from schemas.topics import COUPONS, TOPICS
from services.run import NAMES
from settings.reader import ROOT

PAGE: dict[str, Any] = YAML(typ="safe").load(asyncapi.PAGE)
# By the specification, https://www.asyncapi.com/docs/reference/specification/v3.0.0: what an object must and may have.
OBJECTS: dict[str, tuple[set[str], set[str]]] = {
    "document": (
        {"asyncapi", "info"},
        {"id", "servers", "defaultContentType", "channels", "operations", "components"},
    ),
    "info": (
        {"title", "version"},
        {"description", "termsOfService", "contact", "license", "tags", "externalDocs"},
    ),
    "server": (
        {"host", "protocol"},
        {"protocolVersion", "pathname", "description", "title", "summary", "variables", "security", "tags"}
        | {"externalDocs", "bindings"},
    ),
    "channel": (
        set(),
        {"address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "externalDocs"}
        | {"bindings"},
    ),
    "operation": (
        {"action", "channel"},
        {
            "title",
            "summary",
            "description",
            "security",
            "tags",
            "externalDocs",
            "bindings",
            "traits",
            "messages",
            "reply",
        },
    ),
    "message": (
        set(),
        {"headers", "payload", "correlationId", "contentType", "name", "title", "summary", "description", "tags"}
        | {"externalDocs", "bindings", "examples", "traits"},
    ),
    "payload": ({"schemaFormat", "schema"}, set()),
    "correlation": ({"location"}, {"description"}),
    "server binding": (set(), {"tenant", "bindingVersion"}),
    "channel binding": (
        {"namespace", "persistence"},
        {"compaction", "geo-replication", "retention", "ttl", "deduplication", "bindingVersion"},
    ),
}


def objects(page: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each object of the page: its kind, where it is, and itself."""
    yield "document", "#", page
    yield "info", "#/info", page["info"]
    for name, server in page["servers"].items():
        yield "server", f"#/servers/{name}", server
        yield "server binding", f"#/servers/{name}/bindings", server["bindings"]["pulsar"]
    for name, channel in page["channels"].items():
        yield "channel", f"#/channels/{name}", channel
        yield "channel binding", f"#/channels/{name}/bindings", channel["bindings"]["pulsar"]
    for name, operation in page["operations"].items():
        yield "operation", f"#/operations/{name}", operation
    for name, message in page["components"]["messages"].items():
        yield "message", f"#/components/messages/{name}", message
        yield "payload", f"#/components/messages/{name}/payload", message["payload"]
        if "correlationId" in message:
            yield "correlation", f"#/components/messages/{name}/correlationId", message["correlationId"]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolved(reference: str) -> Any:
    value: Any = PAGE
    for name in reference.removeprefix("#/").split("/"):
        value = value[name]
    return value


def test_the_page_is_what_the_generator_writes() -> None:
    assert asyncapi.PAGE.read_text(encoding="utf-8") == asyncapi.written(), "run python -m schemas.asyncapi"


def test_the_page_says_what_the_document_holds() -> None:
    assert asyncapi.document() == PAGE


@pytest.mark.parametrize(("kind", "where", "found"), [pytest.param(*one, id=one[1]) for one in objects(PAGE)])
def test_an_object_has_what_the_specification_allows(kind: str, where: str, found: dict[str, Any]) -> None:
    required, optional = OBJECTS[kind]
    keys = {key for key in found if not re.fullmatch(r"x-[\w.-]+", key)}
    assert (required - keys, keys - required - optional) == (set(), set())


def test_it_is_version_3_and_every_name_is_one() -> None:
    assert PAGE["asyncapi"] == "3.0.0"
    names = [*PAGE["servers"], *PAGE["channels"], *PAGE["operations"], *PAGE["components"]["messages"]]
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9._-]+", name)] == []


def test_every_reference_leads_somewhere() -> None:
    found = list(references(PAGE))
    assert len(found) > 30
    for reference in found:
        assert reference.startswith("#/")
        resolved(reference)


def test_an_operation_is_about_messages_of_its_channel() -> None:
    for name, operation in PAGE["operations"].items():
        assert operation["action"] in ("send", "receive"), name
        channel = operation["channel"]["$ref"]
        assert [message["$ref"].rpartition("/messages/")[0] for message in operation["messages"]] == [channel], name


def test_every_topic_is_a_channel_with_its_layout() -> None:
    found = {
        (
            channel["address"],
            *(channel["bindings"]["pulsar"][key] for key in ("namespace", "persistence", "x-partitions")),
        )
        for channel in PAGE["channels"].values()
    }
    assert found == {
        (f"persistent://hongbao/{topic.path}", topic.path.split("/")[0], "persistent", topic.partitions)
        for topic in TOPICS
    }
    assert len(PAGE["channels"]) == len(TOPICS)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.path)
def test_a_payload_is_the_contract_and_parses_as_avro(topic: Any) -> None:
    message = PAGE["components"]["messages"][topic.record]
    assert message["payload"]["schemaFormat"] == "application/vnd.apache.avro;version=1.9.0"
    assert message["payload"]["schema"] == schemas.load(topic.record).definition
    fastavro.parse_schema(message["payload"]["schema"])
    assert message["x-key"] == topic.key


def test_a_correlation_id_is_a_field_of_its_message() -> None:
    found = {}
    for name, message in PAGE["components"]["messages"].items():
        if "correlationId" in message:
            location = message["correlationId"]["location"]
            assert location.startswith("$message.payload#/")
            found[name] = location.removeprefix("$message.payload#/")
            assert found[name] in {field["name"] for field in message["payload"]["schema"]["fields"]}
    assert found[COUPONS.record] == "cause_event_id"
    assert found["click_event"] == "event_id"


def does(who: str, action: str) -> set[str]:
    """The topics that somebody sends to or receives from, by the page."""
    prefix = "persistent://hongbao/"
    return {
        resolved(operation["channel"]["$ref"])["address"].removeprefix(prefix)
        for operation in PAGE["operations"].values()
        if operation["tags"] == [{"name": who}] and operation["action"] == action
    }


@pytest.mark.parametrize("job", ["coupons", "conversion", "landing"])
def test_a_job_sends_to_the_topics_its_source_names(job: str) -> None:
    source = (ROOT / "jobs" / f"{job}.py").read_text(encoding="utf-8")
    assert does(job, "send") == {topic.path for topic in TOPICS if f'"{topic.path}"' in source}
    assert "events/clicks" in does(job, "receive")


def test_every_service_receives_what_it_subscribes_to() -> None:
    assert asyncapi.services() == sorted(NAMES)
    assert does("marketing", "receive") == {"triggers/coupons", "events/clicks", "events/clicks-vip"}
    assert does("payment", "receive") == {"events/clicks", "events/clicks-vip"}


def test_every_topic_has_a_sender() -> None:
    senders = {
        operation["channel"]["$ref"] for operation in PAGE["operations"].values() if operation["action"] == "send"
    }
    assert senders == {f"#/channels/{name}" for name in PAGE["channels"]}


def test_main_writes_the_page(tmp_path: Path) -> None:
    asyncapi.main(tmp_path / "asyncapi.yaml")
    assert (tmp_path / "asyncapi.yaml").read_bytes() == asyncapi.PAGE.read_bytes()
