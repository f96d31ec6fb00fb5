"""The one table of where every event travels: topic, key, owner, hearers, retention, control total."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from shared.events import arrears, billing, calendar, housing, intake, mandates, notify, owners
from shared.events.base import EventData

LINE_OF_SERVICES = ("owners", "billing", "arrears", "notify")
"""The order in which a day is closed."""


class Retention(StrEnum):
    """How long Kafka keeps a topic."""

    FOREVER = "forever"
    THIRTY_DAYS = "30-days"
    COMPACTED = "compacted"


@dataclass(frozen=True)
class Channel:
    """One topic: the model of its data, the field its key comes from, who owns it, who hears it and what is counted.

    ``amount`` names the data's field that control totals sum (pence); ``totals`` says whether the topic is in them;
    ``single`` topics have one partition; services in ``ahead`` hear a topic even when it is said in a later book than
    their own (docs/decisions/0003).
    """

    topic: str
    model: type[EventData]
    key: str
    owner: str
    heard_by: tuple[str, ...] = ()
    retention: Retention = Retention.FOREVER
    amount: str | None = None
    totals: bool = True
    single: bool = False
    ahead: tuple[str, ...] = ()

    @cached_property
    def type(self) -> str:
        """The event type: the topic with its major version."""
        return f"{self.topic}.v1"

    @cached_property
    def key_fields(self) -> tuple[str, ...]:
        """The fields of the data that may give the key: the first that is present does."""
        return tuple(self.key.split("|"))


_30 = Retention.THIRTY_DAYS

UNIT_REGISTERED = Channel("housing.unit-registered", housing.UnitRegistered, "unit_id", "housing", ("owners",))
SHARES_PUBLISHED = Channel("housing.shares-published", housing.SharesPublished, "share_set_id", "housing", ("owners",))
OWNERSHIP_CHANGED = Channel(
    "housing.ownership-changed", housing.OwnershipChanged, "unit_id", "housing", ("owners",), _30
)
CONTACT_CHANGED = Channel("housing.contact-changed", housing.ContactChanged, "party_id", "housing", ("owners",), _30)
CHARGE_RAISED = Channel(
    "housing.charge-raised",
    housing.ChargeRaised,
    "share_set_id|unit_id",
    "housing",
    ("billing",),
    amount="amount_pence",
)
CHARGE_CREDITED = Channel(
    "housing.charge-credited", housing.ChargeCredited, "charge_id", "housing", ("billing",), amount="amount_pence"
)
PAYMENT_RECEIVED = Channel(
    "housing.payment-received", housing.PaymentReceived, "payment_id", "housing", ("billing",), amount="amount_pence"
)
PAYMENT_REVERSED = Channel(
    "housing.payment-reversed", housing.PaymentReversed, "payment_id", "housing", ("billing",), amount="amount_pence"
)
DAY_ENDED = Channel(
    "calendar.day-ended",
    calendar.DayEnded,
    "calendar",
    "calendar",
    LINE_OF_SERVICES,
    totals=False,
    single=True,
    ahead=LINE_OF_SERVICES,
)

OWNERS_UNIT = Channel("owners.unit-changed", owners.UnitChanged, "unit_id", "owners", ("billing", "notify"))
OWNERS_SHARES = Channel("owners.shares-changed", owners.SharesChanged, "share_set_id", "owners", ("billing",))
OWNERS_LINE = Channel(
    "owners.ownership-changed", owners.OwnershipLineChanged, "unit_id", "owners", ("billing", "arrears", "notify")
)
OWNERS_CONTACT = Channel(
    "owners.contact-changed",
    owners.ContactDetailsChanged,
    "contact_id",
    "owners",
    ("notify",),
    Retention.COMPACTED,
    totals=False,
)

ACCOUNT_OPENED = Channel(
    "billing.account-opened", billing.AccountOpened, "account_id", "billing", ("arrears", "notify")
)
ACCOUNT_CLOSED = Channel("billing.account-closed", billing.AccountClosed, "account_id", "billing", ("arrears",))
ACCOUNT_CHARGED = Channel(
    "billing.charge-raised", billing.AccountCharged, "account_id", "billing", ("arrears",), amount="amount_pence"
)
ACCOUNT_PAID = Channel(
    "billing.payment-received",
    billing.AccountPaid,
    "account_id",
    "billing",
    ("arrears", "notify"),
    amount="amount_pence",
    ahead=("notify",),
)
ACCOUNT_REVERSED = Channel(
    "billing.payment-reversed",
    billing.AccountPaymentReversed,
    "account_id",
    "billing",
    ("arrears", "notify"),
    amount="amount_pence",
    ahead=("notify",),
)
PAYMENT_UNMATCHED = Channel(
    "billing.payment-unmatched",
    billing.PaymentUnmatched,
    "account_id",
    "billing",
    ("arrears", "notify"),
    amount="amount_pence",
    ahead=("notify",),
)
PAYMENT_SUSPENDED = Channel(
    "billing.payment-suspended", billing.PaymentSuspended, "payment_id", "billing", (), amount="amount_pence"
)
ITEMS_CHANGED = Channel(
    "billing.items-changed",
    billing.ItemsChanged,
    "account_id",
    "billing",
    ("arrears", "notify"),
    amount="balance_pence",
    ahead=("notify",),
)
DISPUTE_RAISED = Channel(
    "billing.dispute-raised",
    billing.DisputeRaised,
    "account_id",
    "billing",
    ("notify",),
    amount="amount_pence",
    ahead=("notify",),
)
COLLECTION_ANNOUNCED = Channel(
    "billing.collection-announced",
    billing.CollectionAnnounced,
    "account_id",
    "billing",
    ("arrears", "notify"),
    amount="amount_pence",
)
COLLECTION_ENDED = Channel(
    "billing.collection-ended",
    billing.CollectionEnded,
    "account_id",
    "billing",
    ("arrears",),
    amount="amount_pence",
)
MANDATE_ENDED = Channel(
    "billing.mandate-ended",
    mandates.MandateEnded,
    "account_id",
    "billing",
    ("notify",),
    amount="amount_pence",
)
MANDATE_WITHDRAWN = Channel(
    "billing.mandate-withdrawn", mandates.MandateWithdrawn, "account_id", "billing", ("arrears", "notify")
)
STATEMENT_ISSUED = Channel(
    "billing.statement-issued",
    billing.StatementIssued,
    "account_id",
    "billing",
    ("arrears", "notify"),
    amount="total_pence",
)
FINAL_ACCOUNT = Channel(
    "billing.final-account-issued",
    billing.FinalAccountIssued,
    "account_id",
    "billing",
    ("arrears", "notify"),
    amount="total_pence",
)
ANNUAL_STATEMENT = Channel(
    "billing.annual-statement-issued",
    billing.AnnualStatementIssued,
    "account_id",
    "billing",
    ("notify",),
    amount="total_pence",
)

FEE_NOTICE = Channel(
    "billing.fee-notice-given",
    billing.FeeNoticeGiven,
    "account_id",
    "billing",
    ("notify",),
    amount="new_pence",
)
RELIEF_ENDED = Channel(
    "billing.relief-ended",
    billing.ReliefEnded,
    "account_id",
    "billing",
    ("notify",),
    amount="new_pence",
)

SHARE_CARRIED = Channel(
    "billing.share-carried",
    billing.ShareCarried,
    "account_id",
    "billing",
    ("notify",),
    amount="share_pence",
)

STAGE_REACHED = Channel(
    "arrears.stage-reached", arrears.StageReached, "account_id", "arrears", ("notify",), amount="overdue_pence"
)
HOLD_CHANGED = Channel(
    "arrears.hold-changed", arrears.HoldChanged, "account_id", "arrears", ("notify",), ahead=("notify",)
)
PLAN_CHANGED = Channel(
    "arrears.plan-changed", arrears.PlanChanged, "account_id", "arrears", ("notify",), amount="total_pence"
)
NOTICE_CHANGED = Channel("arrears.notice-changed", arrears.NoticeChanged, "account_id", "arrears", ("notify",))
WRITE_OFF_CHANGED = Channel(
    "arrears.write-off-changed", arrears.WriteOffChanged, "account_id", "arrears", ("notify",), amount="amount_pence"
)

MESSAGE_SENT = Channel("notify.message-sent", notify.MessageSent, "message_id", "notify")
MESSAGE_FAILED = Channel("notify.message-failed", notify.MessageFailed, "message_id", "notify")

DAY_CLOSED = {
    service: Channel(
        f"{service}.day-closed",
        calendar.DayClosed,
        "calendar",
        service,
        LINE_OF_SERVICES[number + 1 :],
        totals=False,
        single=True,
        ahead=LINE_OF_SERVICES,
    )
    for number, service in enumerate(LINE_OF_SERVICES)
}
EVENT_REJECTED = {
    service: Channel(f"{service}.event-rejected", calendar.EventRejected, "", service) for service in LINE_OF_SERVICES
}
TAKEN_IN = {
    service: Channel(f"{service}.taken-in", intake.TakenIn, "", service, retention=_30, totals=False, single=True)
    for service in LINE_OF_SERVICES
    if service != "notify"
}
"""What a service has need of to take in again what a restored database forgot; notify's letters have left by then."""

CHANNELS: tuple[Channel, ...] = (
    UNIT_REGISTERED, SHARES_PUBLISHED, OWNERSHIP_CHANGED, CONTACT_CHANGED, CHARGE_RAISED, CHARGE_CREDITED,
    PAYMENT_RECEIVED, PAYMENT_REVERSED, DAY_ENDED,
    OWNERS_UNIT, OWNERS_SHARES, OWNERS_LINE, OWNERS_CONTACT,
    ACCOUNT_OPENED, ACCOUNT_CLOSED, ACCOUNT_CHARGED, ACCOUNT_PAID, ACCOUNT_REVERSED, PAYMENT_UNMATCHED,
    PAYMENT_SUSPENDED, ITEMS_CHANGED, COLLECTION_ANNOUNCED, STATEMENT_ISSUED, FINAL_ACCOUNT, FEE_NOTICE,
    ANNUAL_STATEMENT, DISPUTE_RAISED, COLLECTION_ENDED, MANDATE_ENDED, MANDATE_WITHDRAWN, SHARE_CARRIED,
    RELIEF_ENDED,
    STAGE_REACHED, HOLD_CHANGED, PLAN_CHANGED, NOTICE_CHANGED, WRITE_OFF_CHANGED,
    MESSAGE_SENT, MESSAGE_FAILED,
    *DAY_CLOSED.values(), *EVENT_REJECTED.values(), *TAKEN_IN.values(),
)  # fmt: skip

NOT_YET_SAID = (WRITE_OFF_CHANGED,)
"""Agreed between the services, and said by none of them yet (docs/decisions/0028)."""

BY_TOPIC = {channel.topic: channel for channel in CHANNELS}
BY_TYPE = {channel.type: channel for channel in CHANNELS}


def forgets(topic: str) -> bool:
    """Say whether a topic forgets by key: the content of what it said may have been blanked since."""
    return BY_TOPIC[topic].retention is Retention.COMPACTED


def heard_by(service: str) -> tuple[Channel, ...]:
    """Return every channel that ``service`` hears."""
    return tuple(channel for channel in CHANNELS if service in channel.heard_by)


def said_by(service: str) -> tuple[Channel, ...]:
    """Return every channel that ``service`` owns."""
    return tuple(channel for channel in CHANNELS if channel.owner == service)


def key_of(channel: Channel, data: EventData) -> str:
    """Return the Kafka key of an event: the first named field that is present."""
    for name in channel.key_fields:
        value = getattr(data, name, None)
        if value is not None:
            return str(value)
    return channel.key


def pence_of(channel: Channel, data: EventData) -> int:
    """Return what control totals count for one event, in pence (0 where the topic carries no money)."""
    return int(getattr(data, channel.amount) or 0) if channel.amount else 0
