"""The composition root of notify: the only place that puts its parts together."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from services.notify import api, handlers
from services.notify.db.likeness import CARRIED, COMPARED, OUTSIDE
from services.notify.db.messages import PURGE
from services.notify.settings import Settings
from services.notify.templates.pages import Pages
from services.notify.templates.pdf import PdfPress
from services.notify.templates.stationery import load_stationery
from services.notify.usecases import figures, questions
from services.notify.usecases.announcing import Announcer
from services.notify.usecases.background import Bell
from services.notify.usecases.mail_server import MailAddress, MailServer
from services.notify.usecases.printing import Printer
from services.notify.usecases.rendering import Press, work_day
from services.notify.usecases.sending import Rules, Sender
from services.notify.usecases.verify import checks
from shared.bus.purging import Purge
from shared.bus.service import Running, Service
from shared.rebuild.likeness import Likeness

_PRESS_THREADS = 2


def build(settings: Settings) -> Service:
    """Return the service as the bus runs it: the day's work, and beside it senders, printer and announcer."""
    bell = Bell()
    post_room = PostRoom(settings, bell)
    return Service(
        name="notify",
        router=handlers.router,
        day_work=partial(work_day, press=press(settings), on_queued=bell.ring),
        api=lambda running: api.routes(running.api_doors.sessions),
        tasks=post_room.tasks(),
        status=post_room.status,
        likeness=Likeness(COMPARED, outside=OUTSIDE, carried=CARRIED),
        figures=lambda running: figures.refresh(running.doors.sessions),
        checks=checks,
        purges=(Purge("letters", PURGE),),
    )


def press(settings: Settings) -> Press:
    """Return everything that turns a case into bytes."""
    return Press(
        stationery=load_stationery(settings.letterhead),
        pdf=PdfPress(),
        pages=Pages(),
        sender_name=settings.sender_name,
        sender_mailbox=settings.sender_mailbox,
        threads=ThreadPoolExecutor(_PRESS_THREADS, thread_name_prefix="press"),
        files=settings.files_dir,
    )


class PostRoom:
    """The background tasks that make messages leave."""

    def __init__(self, settings: Settings, bell: Bell) -> None:
        self._settings = settings
        self._bell = bell
        self._senders: list[Sender] = []
        pause = 60.0 * settings.smtp_connections / settings.mails_per_minute if settings.mails_per_minute else 0.0
        self._rules = Rules(
            enabled=settings.sending,
            patience=settings.patience,
            lease=timedelta(seconds=settings.lease_seconds),
            allowed_domains=settings.allowed_domains,
            seconds_between=pause,
        )

    def tasks(self) -> tuple[Callable[[Running], Awaitable[None]], ...]:
        """Return the senders (one connection each), the printer and the announcer."""
        return (*(self._send for _ in range(self._settings.smtp_connections)), self._print, self._announce)

    async def _send(self, running: Running) -> None:
        sender = Sender(running.doors.sessions, MailServer(self._address()), self._rules, self._bell)
        self._senders.append(sender)
        await self._until_stopped(sender.run, running)

    async def _print(self, running: Running) -> None:
        printer = Printer(running.doors.sessions, self._settings.print_dir, self._rules, self._bell)
        await self._until_stopped(printer.run, running)

    async def _announce(self, running: Running) -> None:
        await self._until_stopped(Announcer(running.doors, self._bell).run, running)

    async def _until_stopped(self, run: Callable[[asyncio.Event], Awaitable[None]], running: Running) -> None:
        """Run a task; the bell rings once more when the process stops, so that nobody sleeps on."""
        task = asyncio.ensure_future(run(running.stopping))
        stop = asyncio.ensure_future(running.stopping.wait())
        await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        self._bell.ring()
        await task

    def _address(self) -> MailAddress:
        settings = self._settings
        return MailAddress(
            host=settings.smtp_host,
            port=settings.smtp_port,
            tls=settings.smtp_tls,
            sender=settings.sender_mailbox,
            ca=settings.smtp_ca,
            username=settings.smtp_username,
            password=settings.smtp_password,
            command_seconds=float(settings.smtp_command_seconds),
        )

    async def status(self, running: Running) -> dict[str, object]:
        """Return the state of the mail, for the status page."""
        outage = any(sender.outage for sender in self._senders)
        return await questions.mail_status(running.doors.sessions, enabled=self._rules.enabled, outage=outage)
