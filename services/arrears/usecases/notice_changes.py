"""Keep what happened to notices of potential liability, and say it."""

from collections.abc import Sequence
from uuid import UUID

from services.arrears.db import notices as rows
from services.arrears.domain.notice_policy import NoticePolicy
from services.arrears.domain.notices import Changed
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.arrears import NoticeChanged
from shared.events.topics import NOTICE_CHANGED


async def keep(
    work: Work, changes: Sequence[tuple[str | None, Changed]], policy: NoticePolicy, command_uid: UUID | None = None
) -> None:
    """Store changes, each with its account's reference, and say those that are said; ``command_uid``: who made them."""
    if not changes:
        return
    await rows.store(await driver(work.session), [change for _, change in changes], work.book, command_uid)
    for account_ref, change in changes:
        if change.change is not None:
            work.stage(NOTICE_CHANGED, _said(work, account_ref, change, policy))


def _said(work: Work, account_ref: str | None, told: Changed, policy: NoticePolicy) -> NoticeChanged:
    """Return a notice as it stands after a change."""
    notice = told.notice
    return NoticeChanged(
        account_id=notice.account_id,
        notice_id=notice.notice_id,
        state=notice.state,
        policy_version=notice.policy_version,
        reason=notice.reason,
        account_ref=account_ref,
        number=notice.number,
        change=told.change,
        changed_on=work.book,
        urgent=notice.urgent,
        eligible_pence=notice.eligible_pence,
        oldest_due_on=notice.oldest_due_on,
        form=notice.form,
        title_number=notice.title_number,
        headings=notice.headings,
        reference=notice.reference,
        approved_on=notice.approved_on,
        registered_on=notice.registered_on,
        renewed_on=notice.renewed_on,
        last_on=notice.last_on,
        binds_from=policy.binds_from(notice.registered_on) if notice.registered_on else None,
        entry_on=notice.entry_on,
        buyer_liable=notice.buyer_liable,
        resale_on=notice.resale_on,
        resale_liable=notice.resale_liable,
        breach=notice.breach,
        seen_to_on=notice.seen_to_on,
        renews=notice.renews,
    )
