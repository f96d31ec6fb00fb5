"""Take back a step of a notice of potential liability that was noted in error; a rebuild repeats it."""

from services.arrears.db import notices as rows
from services.arrears.domain import notice_corrections
from services.arrears.settings import read_notice_policies
from services.arrears.usecases.notices import keep_and_answer, locked
from shared.bus.bodies import Body
from shared.bus.commands import Json
from shared.bus.refusals import NotNowError, understood
from shared.bus.work import Work
from shared.dated import in_force
from shared.db.engine import driver
from shared.events.arrears import NoticeStep
from shared.events.types import Id, Text

TAKE_BACK = "notice-take-back"


class AskedBack(Body):
    """What a lead officer takes back, and why; the step is named, so that it is the one that was meant."""

    notice_id: Id
    step: NoticeStep
    reason: Text
    by: Text


async def take_back(work: Work, content: Json) -> Json:
    """Take the newest step of a notice back; the notice stands as it did before it.  A rebuild does the same again."""
    asked = understood(AskedBack, content)
    owing, notice, known = await locked(work, asked.notice_id)
    newest = notice_corrections.newest_step(await rows.history_of(await driver(work.session), asked.notice_id))
    refusal = notice_corrections.refuse(notice, asked.step, newest, known)
    if refusal is not None:
        raise NotNowError(refusal)
    assert newest is not None, "refused otherwise"
    changes = notice_corrections.take_back(notice, newest, asked.reason, work.book, known)
    return await keep_and_answer(work, owing, changes, in_force(read_notice_policies(), work.book))
