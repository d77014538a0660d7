"""What the README and the docs tell a stranger to type exists, and its snippet runs."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from cli.main import app
from settings import Pulsar
from settings.reader import ROOT
from stack.pulsar_admin import PulsarAdmin

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pages
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pages
def test_every_page_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"\bdocs/[a-z]+\.md", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pages
def test_every_command_in_code_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = "\n".join(map("".join, re.findall(r"^```\n(.*?)^```|`([^`\n]+)`", text, re.DOTALL | re.MULTILINE)))
    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    used = set(re.findall(r"^hongbao ([a-z]+(?:-[a-z]+)*)", code, re.MULTILINE))
    assert used - known == set()


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        used = set(re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8")))
        assert used - targets == set(), page.name


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.stack
def test_publishing_works_as_printed(lone_broker: Pulsar) -> None:
    (publishing,) = [snippet for snippet in snippets("python") if "clicks.publish" in snippet]

    def published() -> int:
        with PulsarAdmin(lone_broker.admin_url) as admin:
            return int(admin.stats(lone_broker.topic("events/clicks"))["msgInCounter"])

    before = published()
    exec(compile(publishing, "README.md", "exec"), {})
    assert published() - before == 1
