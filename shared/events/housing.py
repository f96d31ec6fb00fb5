"""What the housing system tells us: units, shares, ownership, contacts, charges and payments."""

from enum import StrEnum

from pydantic import Field

from shared.events.base import EventData
from shared.events.types import Day, Id, NaturalPence, PositivePence, ShareNumber, Text


class UnitKind(StrEnum):
    """What a unit is."""

    FLAT = "flat"
    HOUSE = "house"
    GARAGE = "garage"
    COMMERCIAL = "commercial"


class Tenure(StrEnum):
    """Who owned the unit on its first managed day."""

    OWNED = "owned"
    ASSOCIATION = "association"


class Basis(StrEnum):
    """What a share set's shares follow."""

    TITLE = "title"
    EQUAL = "equal"
    FLOOR_AREA = "floor-area"
    RATEABLE_VALUE = "rateable-value"


class PartyKind(StrEnum):
    """What an owner is in law."""

    PERSON = "person"
    COMPANY = "company"
    EXECUTOR = "executor"
    TRUSTEE = "trustee"
    COUNCIL = "council"
    ASSOCIATION = "association"


class TitleForm(StrEnum):
    """How several owners hold a title together."""

    SOLE = "sole"
    JOINT = "joint"
    SURVIVORSHIP = "survivorship"
    OTHER = "other"


class ChannelChoice(StrEnum):
    """How a party wants to hear from us."""

    EMAIL = "email"
    POST = "post"


class ChargeKind(StrEnum):
    """What a charge is for."""

    REPAIR = "repair"
    CYCLICAL = "cyclical"
    MAJOR_WORKS = "major-works"
    CLEANING = "cleaning"
    LANDSCAPING = "landscaping"
    ELECTRICITY = "electricity"
    LIFT = "lift"
    INSURANCE = "insurance"
    MANAGEMENT_FEE = "management-fee"
    ADMIN_FEE = "admin-fee"
    LATE_FEE = "late-fee"
    OPENING_BALANCE = "opening-balance"
    OTHER = "other"
    FLOAT = "float"
    """An owner's deposit, theirs until it is used or given back with their final account."""
    RESERVE_FUND = "reserve-fund"
    """A contribution to the fund of a block; it stays with the building."""


class PaymentMethod(StrEnum):
    """How money reached us."""

    DIRECT_DEBIT = "direct-debit"
    BANK_TRANSFER = "bank-transfer"
    STANDING_ORDER = "standing-order"
    CARD = "card"
    CHEQUE = "cheque"
    CASH = "cash"
    OPENING_CREDIT = "opening-credit"


class Address(EventData):
    """A postal address as the housing system holds it."""

    lines: tuple[Text, ...] = Field(min_length=1, max_length=4)
    town: Text
    postcode: Text


class UnitRegistered(EventData):
    """A unit is in our management, or its facts changed; the newest one holds, whole.  Key: ``unit_id``."""

    unit_id: Id
    development_id: Id
    block_id: Id | None = None
    kind: UnitKind
    address: Address
    uprn: Text | None = None
    title_number: Text | None = None
    floor_area_m2: str | None = Field(default=None, pattern=r"^[0-9]{1,7}(\.[0-9]{1,3})?$")
    tenure: Tenure
    managed_from: Day
    managed_to: Day | None = Field(default=None, description="The last managed day.")
    locality: Text | None = None


class Scope(EventData):
    """What a share set divides the costs of: a development or a block, exactly one."""

    development_id: Id | None = None
    block_id: Id | None = None


class Member(EventData):
    """One unit's share of a set."""

    unit_id: Id
    numerator: ShareNumber
    denominator: ShareNumber


class SharesPublished(EventData):
    """A share set as it stands from a day on; members total exactly 1 or nothing is billed through it.

    Key: ``share_set_id``.  The same day again: the newest holds.
    """

    share_set_id: Id
    name: Text
    scope: Scope
    basis: Basis
    effective_from: Day
    source_deed: Text | None = None
    members: tuple[Member, ...] = Field(min_length=1, max_length=5000)


class OwnerParty(EventData):
    """An owner named on a title.  Personal data."""

    party_id: Id
    kind: PartyKind
    name: Text
    email: Text | None = None
    phone: Text | None = None
    correspondence_address: Address | None = None


class BillingContact(EventData):
    """Who gets the bills instead of the owners, a letting agent for instance.  Personal data."""

    name: Text
    email: Text | None = None
    address: Address | None = None


class Solicitors(EventData):
    """The firms acting in a sale."""

    seller: Text | None = None
    buyer: Text | None = None


class OwnershipChanged(EventData):
    """A unit changed hands, or what we were told about it was corrected or did not happen.  Key: ``unit_id``.

    With ``cancels`` only ``change_id``, ``unit_id``, ``notified_on`` and ``cancels`` are required.
    """

    change_id: Id
    unit_id: Id
    notified_on: Day
    date_of_entry: Day | None = None
    title_registered_on: Day | None = None
    parties: tuple[OwnerParty, ...] = ()
    form: TitleForm | None = None
    billing_contact: BillingContact | None = None
    outgoing_forwarding_address: Address | None = None
    solicitors: Solicitors | None = None
    corrects: Id | None = None
    cancels: Id | None = None


class ContactChanged(EventData):
    """A party's contact details changed; field by field the newest holds, ``null`` removes.

    Key: ``party_id``.  Personal data.
    """

    party_id: Id
    name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    correspondence_address: Address | None = None
    channel: ChannelChoice | None = None
    e_billing_agreed_on: Day | None = None


class Tax(EventData):
    """The tax inside a gross amount."""

    code: Id
    net_pence: NaturalPence
    tax_pence: NaturalPence


class Period(EventData):
    """Days, the first and the last included."""

    from_: Day = Field(alias="from")
    to: Day


class ChargeRaised(EventData):
    """A cost to be shared through a share set, or one unit's own.  Key: ``share_set_id`` or ``unit_id``."""

    charge_id: Id
    kind: ChargeKind
    share_set_id: Id | None = None
    unit_id: Id | None = None
    amount_pence: PositivePence
    tax: Tax | None = None
    description: Text
    work_order: Text | None = None
    supplier: Text | None = None
    invoice_number: Text | None = None
    decided_on: Day | None = Field(default=None, description="The day of the scheme decision that ordered the work.")
    instructed_on: Day | None = None
    completed_on: Day | None = None
    invoiced_on: Day | None = None
    period: Period | None = Field(default=None, description="A cost that accrues evenly over these days.")
    due_on: Day | None = Field(
        default=None, description="Opening balances only: billed before our time, due since that day."
    )
    raised_on: Day


class ChargeCredited(EventData):
    """A charge is taken back, in part or (no amount) whatever is left of it.  Key: ``charge_id``."""

    credit_id: Id
    charge_id: Id
    amount_pence: PositivePence | None = None
    reason: Text
    credited_on: Day


class PaymentReceived(EventData):
    """Money reached the association's bank account.  Key: ``payment_id``, the bank's entry id."""

    payment_id: Id
    amount_pence: PositivePence
    received_on: Day = Field(description="Value date at the bank.")
    method: PaymentMethod
    reference: Text | None = None
    account_ref: Text | None = None
    unit_id: Id | None = None
    payer_name: Text | None = None
    for_statement: Text | None = None


class PaymentReversed(EventData):
    """The bank took money back, in part or whole.  Key: ``payment_id``."""

    reversal_id: Id
    payment_id: Id
    amount_pence: PositivePence
    reversed_on: Day
    reason: Text
