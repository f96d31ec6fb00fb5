"""The pages tell the truth: links lead somewhere, commands, settings, topics and reasons exist, runbooks are there."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from shared.cli.commands import COMMANDS, application
from shared.cli.demo import next_step
from shared.cli.lines import Sendable, checked, read_lines
from shared.events.access import PRINCIPALS, SIMULATION, rights_of
from shared.events.rejection import Reason
from shared.events.topics import BY_TOPIC, CHANNELS, NOT_YET_SAID
from shared.log_events import LogEvent
from shared.settings import ServiceSettings, variable
from tests.architecture.source import ROOT, SERVICES, name

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("services/*/README.md")])
RUNBOOKS = ROOT / "docs" / "runbooks"
PROCEDURES = {
    "rotate-secrets", "replay-for-a-new-hearer", "add-partitions", "audit-chain-broken", "kafka-lost", "erase-a-person",
}  # fmt: skip
"""Runbooks that no alarm of their own leads to."""
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"(?:`|\$ |\.venv/bin/|; |\| )closebook ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
_ROW = re.compile(r"^\| `([^`]+)` \| (?:`([^`]*)`|(required)|) ?\|", re.MULTILINE)


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in _LINK.findall(text(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert target.is_file(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_named_exists(page: Path) -> None:
    commands = vars(get_command(application(COMMANDS)))["commands"]
    for command, sub in _COMMAND.findall(text(page)):
        assert command in commands, f"closebook {command}"
        members = getattr(commands[command], "commands", None)
        assert members is None or not sub or sub in members, f"closebook {command} {sub}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_names_a_place_on_a_machine(page: Path) -> None:
    assert not re.search(r"(?<![\w./])/(?:work|home|root|tmp|Users)/", text(page))


def settings() -> Iterator[tuple[str, str]]:
    """Every variable of every service, with its default as the page writes it."""
    for service in SERVICES:
        kind = importlib.import_module(f"services.{service}.settings").Settings
        for field, info in kind.model_fields.items():
            shown = variable(kind, field)
            if field in ServiceSettings.model_fields:
                shown = shown.replace(f"{service.upper()}_", "<SERVICE>_", 1)
            default = "required" if info.is_required() else str("" if info.default is None else info.default)
            yield shown, default


def test_the_operators_page_lists_every_setting_with_its_default() -> None:
    table = text(ROOT / "docs" / "operator.md").partition("<!-- settings")[2].partition("\n\n")[0]

    assert {row[0]: row[1] or row[2] for row in _ROW.findall(table)} == dict(settings())


def test_every_alarm_has_its_runbook_and_every_runbook_an_alarm() -> None:
    alerts = re.findall(r"runbook: docs/runbooks/([a-z-]+)\.md", text(ROOT / "deploy" / "observe" / "alerts.yml"))
    named = {event.runbook for event in LogEvent if event.runbook} | set(alerts)
    pages = {page.stem for page in RUNBOOKS.glob("*.md")} - {"README"}

    assert pages == named | PROCEDURES
    assert not named & PROCEDURES
    assert all(f"({page}.md)" in text(RUNBOOKS / "README.md") for page in pages)


def test_a_runbook_names_the_alarms_that_lead_to_it() -> None:
    for event in LogEvent:
        if event.runbook:
            page = text(RUNBOOKS / f"{event.runbook}.md")
            assert f"`{event.value}`" in page, f"{event.runbook}.md does not name {event.value}"
            assert all(
                part in page for part in ("**Symptom.**", "**Meaning.**", "**Safe to do.**", "**It is over when**")
            )


def test_decisions_are_numbered_listed_and_short() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    index = text(ROOT / "docs" / "decisions" / "README.md")

    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        assert f"({record.name})" in index
        assert all(
            part in text(record) for part in ("**Context.**", "**Decision.**", "**Enforced by.**", "**Revisit when**")
        )
        assert len(text(record).splitlines()) <= 50


def first_cells(page: str, heading: str) -> str:
    """The first cells of the table under a heading."""
    section = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return "\n".join(line.split("|")[1] for line in section.splitlines() if line.startswith("|"))


def topics_of(cells: str) -> set[str]:
    """The topics that cells name; "and the three others": the same said by each service."""
    named = set(re.findall(r"`([a-z]+\.[a-z-]+)`", cells))
    for of_all in re.findall(r"`owners\.([a-z-]+)` and the three others", cells):
        named |= {f"{service}.{of_all}" for service in SERVICES}
    return named


def test_the_producers_page_names_every_topic_that_is_said_in_its_table() -> None:
    page = text(ROOT / "docs" / "producer.md")
    said = [channel for channel in CHANNELS if channel not in NOT_YET_SAID]
    written = {channel.topic for channel in said if channel.owner in ("housing", "calendar")}

    assert topics_of(first_cells(page, "Topics you write")) == written
    assert topics_of(first_cells(page, "Topics you may read")) == {channel.topic for channel in said} - written


def test_the_producers_page_names_every_reason_and_no_topic_that_is_not() -> None:
    page = text(ROOT / "docs" / "producer.md")

    assert {reason for reason in Reason if f"`{reason}`" not in page} == set()
    said = set(re.findall(r"`((?:housing|calendar|owners|billing|arrears|notify)\.[a-z]+-[a-z-]+)`", page))
    assert said <= set(BY_TOPIC)


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "examples").glob("*.jsonl")), ids=name)
def test_every_example_event_is_one(path: Path) -> None:
    for number, value in read_lines(path):
        assert isinstance(checked(number, value), Sendable), f"{path.name}:{number}"


def test_every_event_on_the_producers_page_is_one_but_the_broken_one() -> None:
    lines = [line.encode() for line in text(ROOT / "docs" / "producer.md").splitlines() if line.startswith('{"spec')]

    judged = [checked(number, line) for number, line in enumerate(lines)]

    assert [isinstance(answer, Sendable) for answer in judged] == [True] * (len(lines) - 1) + [False]


@pytest.mark.parametrize("page", ["README.md", "docs/producer.md", "docs/operator.md", "docs/officer.md"])
def test_a_page_to_start_from_says_where_the_command_is_before_it_gives_one(page: str) -> None:
    before, path, _ = text(ROOT / page).partition("$ export PATH=$PWD/.venv/bin:$PATH")

    assert path
    assert "$ closebook" not in before


def test_a_demonstration_ends_with_commands_that_can_be_typed_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "closebook").touch(mode=0o755)

    assert next_step("/usr/bin", tmp_path).startswith(f"Next: export PATH={tmp_path}:$PATH\n")
    assert next_step(f"/usr/bin:{tmp_path}", tmp_path).startswith("Next: closebook up ")


def test_the_operator_reads_how_many_rights_are_granted() -> None:
    """What `python -m shared.embedded.acls` prints, without the simulation."""
    whose = [who for who in PRINCIPALS if who != SIMULATION]
    granted = sum(len(list(rights_of(who, ""))) for who in whose)
    assert f"\n{granted} rights granted to {len(whose)} users.\n" in text(ROOT / "docs" / "operator.md")
