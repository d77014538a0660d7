"""Read the newest version of each campaign from its topic, and publish the next."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pulsar
from pydantic import ValidationError

import schemas
from campaigns.definition import Campaign
from campaigns.file import across
from coupons.subscriber import Decoder, connect
from errors import CannotRun, HongbaoError, SchemaConflict, SettingsError, Unreachable
from ingest.publisher import EncodedAvro
from schemas.encoder import encoder
from schemas.topics import CAMPAIGNS
from settings import Pulsar

ACTIVE, PAUSED = "active", "paused"
# A topic of campaigns is read in well under a second; a broker that needs longer is not there.
READ_S = 30.0
# How long one operator waits for another to be done.
TURN_S = 20.0
RETRY_S = 0.2


@dataclass(frozen=True)
class Version:
    """A record of the topic; `campaign` is None where its definition is none, and `problem` says why."""

    name: str
    version: int
    status: str
    applied_at: datetime
    definition: str
    campaign: Campaign | None
    problem: str | None = None


@dataclass(frozen=True)
class Found:
    """What is on the topic: the newest version of each name, and what could not be read."""

    newest: dict[str, Version] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Applied(NamedTuple):
    """A version that was published."""

    name: str
    version: int
    status: str


def newest(broker: Pulsar) -> Found:
    """The newest version of each campaign; raises Unreachable without a broker."""
    with _client(broker) as client:
        return _read(client, broker)


def apply(broker: Pulsar, campaigns: Mapping[str, Campaign]) -> list[Applied]:
    """Publish a version of each campaign that is new or changed; the others get none. A paused one stays paused."""

    def next_of(found: Found) -> Iterator[tuple[str, str, str]]:
        for name, campaign in sorted(campaigns.items()):
            before = found.newest.get(name)
            # A definition that nobody can read is replaced, whatever it says.
            if before is None or before.campaign != campaign:
                yield name, before.status if before else ACTIVE, campaign.text

    return _publish(broker, next_of)


def set_status(broker: Pulsar, name: str, status: str) -> list[Applied]:
    """Publish the campaign's newest definition as active or paused, unless it is; raises SettingsError for no such."""

    def next_of(found: Found) -> Iterator[tuple[str, str, str]]:
        before = found.newest.get(name)
        if before is None:
            there = ", ".join(sorted(found.newest)) or "none: hongbao campaign apply publishes the files"
            raise SettingsError(f"campaign: no {name!r} was applied; there are {there}")
        if before.status != status:
            yield name, status, before.definition

    return _publish(broker, next_of)


def _publish(broker: Pulsar, next_of: Callable[[Found], Iterator[tuple[str, str, str]]]) -> list[Applied]:
    """Read, decide and publish as the topic's only producer: so no two operators give one number twice."""
    contract = schemas.load(CAMPAIGNS.record)
    encode = encoder(contract)
    published = []
    with _client(broker) as client:
        producer = _alone(client, broker, EncodedAvro(contract))
        # What an operator before us published is there: while we are connected nobody else can.
        found = _read(client, broker)
        for name, status, definition in next_of(found):
            before = found.newest.get(name)
            record = {
                "name": name,
                "version": before.version + 1 if before else 1,
                "status": status,
                "applied_at": datetime.now(UTC),
                "definition": definition,
            }
            try:
                producer.send(encode(record), partition_key=name)
            except pulsar.PulsarException as error:
                raise _cannot_publish(broker, error) from None
            published.append(Applied(name, int(str(record["version"])), status))
    return published


def _alone(client: pulsar.Client, broker: Pulsar, schema: EncodedAvro) -> pulsar.Producer:
    """The topic's exclusive producer: the broker refuses it while there is another, and others while it is there."""
    deadline_s = time.monotonic() + TURN_S
    while True:
        try:
            return client.create_producer(
                _topic(broker),
                schema=schema,
                access_mode=pulsar.ProducerAccessMode.Exclusive,
                send_timeout_millis=10_000,
            )
        except (pulsar.ProducerFenced, pulsar.ProducerBusy) as error:
            if time.monotonic() > deadline_s:
                raise _cannot_publish(broker, error) from None
            time.sleep(RETRY_S)
        except pulsar.PulsarException as error:
            raise _cannot_publish(broker, error) from None


def _read(client: pulsar.Client, broker: Pulsar) -> Found:
    found = Found()
    decoder = Decoder(broker, CAMPAIGNS)
    deadline_s = time.monotonic() + READ_S
    try:
        reader = client.create_reader(_topic(broker), pulsar.MessageId.earliest, is_read_compacted=True)
        while reader.has_message_available():
            message = reader.read_next(timeout_millis=max(1, int(1000 * (deadline_s - time.monotonic()))))
            _take(found, message, decoder)
        reader.close()
    except pulsar.PulsarException as error:
        raise Unreachable(
            f"cannot read {_topic(broker)}: {error}; is the stack up? hongbao up starts it, and makes its topics"
        ) from None
    return found


def _take(found: Found, message: pulsar.Message, decoder: Decoder) -> None:
    try:
        version = _version(decoder.decode(message))
    except HongbaoError:
        raise
    except Exception as error:  # fastavro throws a dozen kinds at garbage
        what = f"{type(error).__name__} {error}" if str(error) else type(error).__name__
        found.problems.append(f"{CAMPAIGNS.path}: message {message.message_id()} is no campaign in Avro: {what}")
        return
    found.newest[version.name] = version


def _version(record: Mapping[str, Any]) -> Version:
    campaign, problem = read_definition(record["name"], record["definition"])
    if problem:
        problem = f"{CAMPAIGNS.path}: {record['name']} version {record['version']}: {problem}"
    return Version(**record, campaign=campaign, problem=problem)


def read_definition(name: str, definition: str) -> tuple[Campaign | None, str | None]:
    """The campaign that a definition's JSON says, or None and why it says none."""
    try:
        campaign = Campaign.parse(definition)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "definition"
        return None, f"{where}: {first['msg']}, got {first['input']!r:.100}"
    if campaign.name != name:
        return None, f"name: it must be {name!r}, got {campaign.name!r}"
    if campaign.ends_ms <= campaign.starts_ms:
        return None, f"ends_ms: it must be after starts_ms {campaign.starts_ms}, got {campaign.ends_ms}"
    for fault in across(json.loads(definition)):
        return None, f"{fault.key}: {fault.sentence}"
    return campaign, None


@contextmanager
def _client(broker: Pulsar) -> Iterator[pulsar.Client]:
    client = connect(broker)
    try:
        yield client
    finally:
        client.close()


def _topic(broker: Pulsar) -> str:
    # The one partition: an exclusive producer of the partitioned name would be one of each partition all the same.
    return f"{broker.topic(CAMPAIGNS.path)}-partition-0"


def _cannot_publish(broker: Pulsar, error: Exception) -> HongbaoError:
    match error:
        case pulsar.ProducerFenced() | pulsar.ProducerBusy():
            return CannotRun(f"{CAMPAIGNS.path}: somebody else is publishing campaigns; try again when that is done")
        case pulsar.IncompatibleSchema():
            return SchemaConflict(
                f"{CAMPAIGNS.path}: the registry does not have campaign.avsc; hongbao schemas register"
            )
        case _:
            return Unreachable(
                f"{broker.service_url}: cannot publish to {CAMPAIGNS.path}: {error}; is the stack up? "
                "hongbao up starts it, and makes its topics"
            )
