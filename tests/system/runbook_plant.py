"""A plant on which an operator's commands are typed: a shell with its addresses, and what each page calls for."""

import asyncio
import os
import re
import shlex
import sys
from collections.abc import Awaitable, Callable
from contextlib import chdir
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from services.billing.domain import refs
from shared.db.engine import connect
from shared.embedded.databases import ServiceUrls
from shared.events.topics import CHANNELS, LINE_OF_SERVICES
from tests.support.bus import eventually
from tests.support.kafka_tools import KafkaTools
from tests.support.runbooks import Command, before_all
from tests.system.examiner import charge, credit, home, payment, say
from tests.system.office import Office

REF = refs.account_ref("RB-1", "RB-1.o")
TOPIC, PARTITION = "housing.payment-reversed", 2
NO_MONEY = "owners.unit-changed"
_JUNK = 52
_ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
"""What a shell has before it is told of a stack; all else it must find as the first page of the runbooks says."""


@dataclass
class Shell:
    """What an operator has before them; ``values`` fill the angle brackets of the page that is read."""

    office: Office
    kafka: KafkaTools
    today: date = date(2026, 2, 1)
    values: dict[str, str] = field(default_factory=dict)
    folders: int = 0

    async def type(self, command: Command) -> tuple[int, str]:
        """Type a line as it stands on the page, in the folder that holds closebook-data; return its end and words."""
        lines = [await self._filled(command.line, one) for one in self._targets(command)]
        code, words = 0, ""
        for line in lines:
            code, said = await self._run(line)
            words += said
            if code:
                break
        return code, words

    def _targets(self, command: Command) -> list[str]:
        each = "each-database" in command.placeholders
        return [self._database(service) for service in LINE_OF_SERVICES] if each else [""]

    async def _filled(self, line: str, each: str) -> str:
        known = self.values | {"each-database": each, "SERVICE": self.values["service"].upper()}
        if "<proposal>" in line:
            open_ = await self.office.ask("proposals", "list", "--status", "open")
            known |= {"service": open_[-1]["service"], "proposal": str(open_[-1]["id"])}
        return re.sub(r"<([A-Za-z-]+)>", lambda found: known[found[1]], line)

    async def _run(self, line: str) -> tuple[int, str]:
        """Run a line in a shell as it stands; a plain command of ours here, for starting it would take the longest."""
        if line.startswith("closebook ") and "|" not in line:
            with chdir(self.office.folder):
                answer = await self.office.run(*shlex.split(line, comments=True)[1:])
            return answer.code, f"$ {line}\n{answer.out}{answer.err}"
        process = await asyncio.create_subprocess_exec(
            "bash", "-o", "pipefail", "-c", before_all() + line, cwd=self.office.folder, env=_ENVIRONMENT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        said, _ = await process.communicate(self._keys(line).encode())
        code = process.returncode or 0
        # grep that finds nothing is an answer, too: nothing of the kind happened.
        return (0 if code == 1 and line.startswith("grep ") else code), f"$ {line}\n{said.decode()}"

    def _keys(self, line: str) -> str:
        """Return what is typed when a command asks (in a session without a terminal it reads its input)."""
        return f"{self.values['new-password']}\n" * 2 if r"\password" in line else ""

    def _database(self, service: str) -> str:
        return urlsplit(self.urls(service).app_url).path.lstrip("/")

    def urls(self, service: str) -> ServiceUrls:
        return self.office.stack.urls[service]

    async def sql(self, service: str, statement: str, *values: object) -> Any:
        """Return one value from a service's database, as its owner."""
        connection = await connect(self.urls(service).owner_url, application_name="runbooks")
        try:
            return await connection.fetchval(statement, *values)
        finally:
            await connection.close()

    async def until_written(self, service: str, event: str, since: int = 0) -> None:
        """Wait until a service has written a line of the log."""
        log = self.office.stack.log_of(service)

        async def written() -> bool:
            return f'"event.name":"{event}"'.encode() in log.read_bytes()[since:]

        await eventually(written, seconds=120)

    # Situations -------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Tell a small story: accounts, letters, dead letters with and without money, something that waits."""
        (self.office.folder / "closebook-data").symlink_to(self.office.stack.directory)
        (self.office.folder / ".venv").symlink_to(sys.prefix)
        await say(self.kafka, [*home("RB-1"), *home("RB-2")])
        await self.office.ask("settle")
        await say(self.kafka, [charge("RB-C", 500, "RB-1"), charge("RB-W", 700, "RB-none")])
        await say(self.kafka, [payment("RB-S", 300, reference="J SMITH")])
        await self.office.ask("settle")
        await say(self.kafka, [credit("RB-X1", "RB-C", 900), credit("RB-X2", "RB-C", 901)])
        await self.kafka.send("housing.contact-changed", b"junk", partition=0)
        await self.office.close("2026-01-31")
        await self.office.ask("settle")

    async def refresh(self) -> None:
        """Fill the angle brackets with what is there, whatever the page before has done."""
        letters = await self.office.ask("dead-letters", "list", "--status", "open", "--service", "billing")
        self.folders += 1
        message = "select message_id::text from notify.messages where state = 'handed-over' limit 1"
        url = urlsplit(self.urls("billing").app_url)
        self.values = {
            "service": "billing", "sender": "billing", "topic": "billing.account-opened", "day": "2026-01-31",
            "reference": REF, "message-id": await self.sql("notify", message), "date": "before", "you": "ann",
            "second-person": "bob", "new-password": url.password or "", "new-folder": f"backup-{self.folders}",
            "partition": str(PARTITION), "offset": "0", "party": "p.RB-2.o", "payment": "RB-S",
        }  # fmt: skip
        for one in letters:
            self.values["letter" if one["topic"] == NO_MONEY else "money-letter"] = str(one["id"])

    async def mad_sender(self) -> None:
        """A partition of billing stops."""
        since = self.office.stack.log_of("billing").stat().st_size
        for _ in range(_JUNK):
            await self.kafka.send(TOPIC, b"junk", partition=PARTITION)
        await self.until_written("billing", "quarantine_tripped", since)
        self.values |= {"topic": TOPIC}

    async def dead_letters(self) -> None:
        """Billing has refused two records: bytes on a topic without money, and a credit."""
        await self.kafka.send(NO_MONEY, b"junk", partition=0)
        await eventually(self._refused, seconds=60)
        await self.refresh()
        groups = await self.office.ask("dead-letters", "list", "--group", "--service", "billing")
        self.values["fingerprint"] = next(one["fingerprint"] for one in groups if one["reason"] == "not-json")

    async def _refused(self) -> bool:
        found = await self.office.ask("dead-letters", "list", "--status", "open", "--service", "billing")
        return any(one["topic"] == NO_MONEY for one in found)

    async def totals_differ(self) -> None:
        """A payment that arrears had taken in is gone from its inbox, and the day has ended."""
        day, since = self.today, self.office.stack.log_of("arrears").stat().st_size
        self.today += timedelta(days=1)
        await say(self.kafka, [payment(f"RB-P-{day}", 200, account_ref=REF, day=str(day))])
        await self.office.ask("settle")
        taken = "delete from msg.inbox where topic = 'billing.payment-received' and book = $1 returning pence"
        assert await self.sql("arrears", taken, day) == 200
        await self.office.ask("close", str(day), "--no-wait")
        await self.until_written("arrears", "day_totals_differ", since)
        self.values |= {"day": str(day), "topic": "billing.payment-received"}

    async def heard_after_all(self) -> None:
        """Arrears hears again what it was let go on without: the pages that follow find books that agree."""
        for day in (self.today - timedelta(days=1), self.today - timedelta(days=2)):
            await self.office.ask("republish", "billing", "--topic", "billing.payment-received", "--book", str(day))
        await self.office.ask("settle")

    async def backed_up(self) -> None:
        """Billing is stopped and a backup was taken since."""
        await self.office.ask("stop", "billing")
        self.values["backup"] = "kept"
        await self.office.ask("backup", "billing", "--to", str(self.office.folder / "kept"))

    async def without_kafka(self) -> None:
        """All is stopped, and every topic is gone."""
        await self.office.ask("stop", *LINE_OF_SERVICES)
        await self.kafka.forget(channel.topic for channel in CHANNELS)

    async def heal(self) -> None:
        """Start what the page before has stopped."""
        await self.office.ask("start", *LINE_OF_SERVICES)


Situation = Callable[[Shell], Awaitable[None]]
SITUATIONS: dict[tuple[str, int], Situation] = {
    ("quarantine", 0): Shell.mad_sender,
    ("dead-letters", 0): Shell.dead_letters,
    ("day-totals-differ", 0): Shell.totals_differ,
    ("day-totals-differ", 1): Shell.totals_differ,
    ("restored-sender", 0): Shell.backed_up,
    ("kafka-lost", 0): Shell.without_kafka,
}
"""What must be so before a page's block is typed; elsewhere all is well."""
AFTERWARDS: dict[str, Situation] = {"day-totals-differ": Shell.heard_after_all}
"""What is put right after a page, where its way out leaves something behind."""
