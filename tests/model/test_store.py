"""Models on their topic: published, chosen, chosen back, and what is no model left alone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from errors import SettingsError
from model import folder, store
from model.along import definition, scorecard
from model.standing import versions
from schemas.topics import OFFER_MODELS
from settings import Pulsar
from tests.jobs.test_campaigns import likes
from topics.versions import Versions

pytestmark = pytest.mark.stack


def test_one_that_was_chosen_last_is_in_use_and_publishing_another_changes_nothing(own_topics: Pulsar) -> None:
    assert store.newest(own_topics).in_use is None
    first = store.use(own_topics, "likes", 1, likes("small", 1))
    assert store.publish(own_topics, likes("large", 2)).status == "kept"
    assert store.newest(own_topics).in_use == first
    second = store.use(own_topics, "likes", None, None)
    assert (second.version, second.published_at > first.published_at) == (2, True)
    assert store.use(own_topics, "likes", 2, None) == second, "again is harmless"
    # Back to an older one, and to the one that comes along.
    again = store.use(own_topics, "likes", 1, None)
    assert store.newest(own_topics).in_use == again
    store.use(own_topics, "scorecard", None, definition())
    assert store.newest(own_topics).in_use == store.newest(own_topics).newest["scorecard", 1]


def test_version_says_one_thing_for_ever(own_topics: Pulsar) -> None:
    store.publish(own_topics, likes("small", 1))
    assert store.publish(own_topics, likes("small", 1)).status == "kept"
    with pytest.raises(SettingsError, match="another likes 1 is published already"):
        store.use(own_topics, "likes", 1, likes("large", 1))
    with pytest.raises(SettingsError, match="likes 3 is neither in the folder nor published; there are likes 1"):
        store.use(own_topics, "likes", 3, None)


def test_record_that_is_none_is_told_and_leaves_the_last_good_one(own_topics: Pulsar, tmp_path: Path) -> None:
    good = store.use(own_topics, "likes", 1, likes("small", 1))
    wrong = {"name": "likes", "version": 1, "status": "used", "published_at": datetime.now(UTC), "definition": "{}"}
    with Versions(own_topics, OFFER_MODELS, "model") as topic:
        topic.take_turn()
        topic.publish(wrong, key="likes 1")
    found = store.newest(own_topics)
    assert found.in_use == good
    assert found.problems == ["models/offers: likes version 1: kind: scorecard or boosted, got None"]
    folder.save(tmp_path, likes("small", 1), {"auc": {"model": 0.7}})
    folder.save(tmp_path, likes("large", 2), {})
    rows = [(one.name, one.version, one.where, one.in_use, one.auc) for one in versions(tmp_path, found, scorecard())]
    assert rows == [
        ("likes", 1, "folder, topic", True, 0.7),
        ("likes", 2, "folder", False, None),
        ("scorecard", 1, "comes along", False, None),
    ]


def test_folder_keeps_what_was_trained(tmp_path: Path) -> None:
    assert folder.next_version(tmp_path, "likes") == 1
    folder.save(tmp_path, likes("small", 1), {"rows": 3})
    assert (folder.next_version(tmp_path, "likes"), folder.load(tmp_path, "likes").report) == (2, {"rows": 3})
    with pytest.raises(SettingsError, match="there is a version 1 of likes; train again for the next"):
        folder.save(tmp_path, likes("large", 1), {})
    with pytest.raises(SettingsError, match=r"no model likes 9; there are likes 1$"):
        folder.load(tmp_path, "likes", 9)
    (tmp_path / "likes" / "1" / "model.json").write_text("{")
    with pytest.raises(SettingsError, match=r"model\.json: no JSON"):
        folder.load(tmp_path, "likes", 1)
