"""Whole histories in any order: balances depend on the facts alone, documents on the facts and their books."""

import random
from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.division import share_version
from services.billing.domain.facts import Charge, Match, Payment, Reversal, ShareVersion
from services.billing.domain.refs import account_ref
from shared.events.housing import ChargeKind, PaymentMethod
from tests.unit.billing.builders import a_charge, account, day, position
from tests.unit.billing.replay import CreditAsked, Drawn, Fact, Office, Registered, key_of

FIRST, LAST = date(2026, 1, 1), date(2026, 7, 31)
ISSUE_DAYS = (date(2026, 4, 1), date(2026, 7, 1))
UNITS = ("U1", "U2", "U3")
CHAINS = ("O1", "O2", "O3")

days = st.dates(FIRST, LAST)
seeds = st.integers(0, 2**32)


def drawn(unit_id: str, version: int, entries: Sequence[tuple[str, date]], chains: frozenset[str]) -> Drawn:
    """A line of entries, each until the next."""
    ordered = sorted(entries, key=lambda entry: entry[1])
    ends = [*(entry for _, entry in ordered[1:]), None]
    stays = tuple((chain, start, end) for (chain, start), end in zip(ordered, ends, strict=False))
    return Drawn(unit_id, version, stays, chains)


@st.composite
def lines_of(draw: st.DrawFn, unit_id: str) -> list[Drawn]:
    """The versions of a unit's line while sales are learnt late, corrected and cancelled; chains never go."""
    versions: list[Drawn] = []
    chains: frozenset[str] = frozenset()
    for number in range(draw(st.integers(0, 4))):
        standing = draw(st.dictionaries(st.sampled_from(CHAINS), days | st.just(date(2025, 1, 1)), max_size=3))
        entries = {entry: chain for chain, entry in standing.items()}
        chains |= set(standing)
        versions.append(drawn(unit_id, number + 1, [(chain, entry) for entry, chain in entries.items()], chains))
    return versions


charge_facts = st.builds(
    lambda number, net, tax, first, length, share_set, unit_id, opening: Charge(
        f"C{number}", ChargeKind.OPENING_BALANCE if opening else ChargeKind.REPAIR,
        "S1" if share_set else None, None if share_set else unit_id,
        net, tax, first, first + timedelta(days=length), first, FIRST if opening else None,
    ),
    st.integers(1, 6), st.integers(1, 5_000), st.integers(0, 1_000), days, st.sampled_from([0, 0, 27, 89]),
    st.booleans(), st.sampled_from(UNITS), st.booleans(),
)  # fmt: skip
credit_facts = st.builds(
    lambda number, charge, pence, on: CreditAsked(f"K{number}", f"C{charge}", pence, on),
    st.integers(1, 9), st.integers(1, 6), st.none() | st.integers(1, 3_000), days,
)  # fmt: skip
payment_facts = st.builds(
    lambda number, pence, on, unit_id, by_ref, found, chain, marked: Payment(
        f"P{number}", pence, on, PaymentMethod.CASH,
        stated_ref=account_ref(unit_id, chain) if by_ref else None,
        found_refs=(account_ref(unit_id, found),) if found else (),
        unit_id=unit_id, for_statement=marked,
    ),
    st.integers(1, 6), st.integers(1, 9_000), days, st.sampled_from(UNITS), st.booleans(),
    st.none() | st.sampled_from(CHAINS), st.sampled_from(CHAINS),
    st.none() | st.sampled_from(UNITS).map(lambda unit_id: f"{account(unit_id)}-2026Q1"),
)  # fmt: skip
reversal_facts = st.builds(
    lambda number, payment, pence, on: Reversal(f"R{number}", f"P{payment}", pence, on),
    st.integers(1, 9), st.integers(1, 6), st.integers(1, 9_000), days,
)  # fmt: skip


def words_about(payment: Payment, chance: random.Random) -> list[Match]:
    """What people say about a payment: it is one account's, several accounts' in part, or nobody's."""
    said = []
    for number in range(chance.randrange(3)):
        left, shares = payment.amount_pence, []
        for unit_id in chance.sample(UNITS, chance.randrange(4)):
            pence = chance.randint(0, left)
            left -= pence
            shares += [(account(unit_id, chance.choice(CHAINS)), pence)] if pence else []
        said.append(Match(payment.payment_id, number + 1, tuple(shares)))
    return said


@st.composite
def share_facts(draw: st.DrawFn) -> list[ShareVersion]:
    """Up to two versions of the share set, the later one perhaps incomplete."""
    members = [("U1", 3, 7), ("U2", 2, 7), ("U3", 2, 7)]
    versions = [share_version("S1", FIRST, is_complete=True, members=members)]
    if draw(st.booleans()):
        members = [(unit_id, 1, 3) for unit_id in UNITS]
        versions.append(share_version("S1", draw(days), is_complete=draw(st.booleans()), members=members))
    return versions


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """A set of facts in an order that keeps each key's."""
    facts: list[Fact] = [
        Registered(unit_id, FIRST - timedelta(days=99), draw(st.none() | days))
        for unit_id in draw(st.sets(st.sampled_from(UNITS)))
    ]
    for unit_id in UNITS:
        facts += draw(lines_of(unit_id))
    facts += draw(share_facts())
    raised = draw(st.lists(charge_facts, max_size=5, unique_by=lambda fact: fact.charge_id))
    credited = draw(st.lists(credit_facts, max_size=5, unique_by=lambda fact: fact.credit_id))
    received = draw(st.lists(payment_facts, max_size=4, unique_by=lambda fact: fact.payment_id))
    chance = random.Random(draw(seeds))
    matched = [word for payment in received for word in words_about(payment, chance)]
    taken_back = draw(st.lists(reversal_facts, max_size=3, unique_by=lambda fact: fact.reversal_id))
    return [*facts, *raised, *credited, *received, *matched, *taken_back]


def shuffled(facts: Sequence[Fact], seed: int) -> list[Fact]:
    """Another order that keeps each key's: shuffle, then give every key's places to its facts in their order."""
    places = list(facts)
    random.Random(seed).shuffle(places)
    queues: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        queues.setdefault(key_of(fact), []).append(fact)
    return [queues[key_of(place)].pop(0) for place in places]


def in_books(facts: Sequence[Fact], seed: int) -> list[tuple[date, list[Fact]]]:
    """Cut a history into books of rising days."""
    chance = random.Random(seed)
    books: list[tuple[date, list[Fact]]] = []
    book = FIRST
    for fact in facts:
        if not books or chance.random() < 0.5:
            book += timedelta(days=chance.randrange(1, 25))
            books.append((book, []))
        books[-1][1].append(fact)
    return books


def run(books: Sequence[tuple[date, Sequence[Fact]]]) -> Office:
    """Learn books of facts one after the other, issuing statements on their days."""
    office, issue_days = Office(), list(ISSUE_DAYS)
    for book, facts in books:
        while issue_days and issue_days[0] < book:
            office.issue(issue_days.pop(0))
        for fact in facts:
            office.learn(fact, book)
    for issue_day in issue_days:
        office.issue(issue_day)
    return office


@settings(max_examples=150)
@given(histories(), seeds, seeds)
def test_balances_depend_on_the_facts_and_not_on_their_order(facts: list[Fact], order: int, cut: int) -> None:
    assert run(in_books(shuffled(facts, order), cut)).balances() == run([(FIRST, facts)]).balances()


@settings(max_examples=150)
@given(histories(), seeds, seeds)
def test_order_inside_a_book_changes_no_document(facts: list[Fact], order: int, cut: int) -> None:
    books = in_books(facts, cut)
    one, two = run(books), run([(book, shuffled(inside, order)) for book, inside in books])
    assert documents(one) == documents(two)


def documents(office: Office) -> dict[str, object]:
    """Every account's statements and position; accounts whose lines all net to nothing are as if never touched."""
    found: dict[str, object] = {}
    for account_id, lines in office.lines().items():
        state = position(lines, office.heads(account_id), LAST)
        issued = office.issued.get(account_id, [])
        if issued or state.balance_pence or state.items:
            found[account_id] = (issued, state)
    return found


@settings(max_examples=100)
@given(histories(), seeds)
def test_sale_learnt_late_corrected_or_cancelled_ends_as_if_known_from_the_start(facts: list[Fact], order: int) -> None:
    newest: dict[str, Drawn] = {}
    for fact in facts:
        if isinstance(fact, Drawn):
            newest[fact.unit_id] = fact
    from_the_start = [*newest.values(), *(fact for fact in facts if not isinstance(fact, Drawn))]
    assert run([(FIRST, from_the_start)]).balances() == run(in_books(shuffled(facts, order), order)).balances()


@settings(max_examples=100)
@given(histories(), seeds)
def test_every_fact_posts_to_nothing_and_every_statement_goes_on_from_the_last(facts: list[Fact], cut: int) -> None:
    office = run(in_books(facts, cut))
    assert not sum(posting.amount_pence for posting, _ in office.postings)
    for issued in office.issued.values():
        balance = 0
        for draft in issued:
            assert draft.brought_forward_pence == balance
            balance = draft.balance_pence


@settings(max_examples=60)
@given(histories(), seeds)
def test_facts_learnt_again_change_nothing(facts: list[Fact], cut: int) -> None:
    office = run(in_books(facts, cut))
    before = len(office.postings)
    for fact in facts:
        if isinstance(fact, Registered | Drawn | Charge | Payment):
            office.learn(fact, LAST)
    assert len(office.postings) == before


def test_sale_cancelled_after_it_was_billed_gives_the_seller_a_new_item() -> None:
    seller_only = drawn("U1", 1, [("O1", date(2025, 1, 1))], frozenset({"O1"}))
    sold = drawn("U1", 2, [("O1", date(2025, 1, 1)), ("O2", date(2026, 1, 5))], frozenset({"O1", "O2"}))
    cancelled = drawn("U1", 3, [("O1", date(2025, 1, 1))], frozenset({"O1", "O2"}))
    office = run(
        [
            (day("2026-01-12"), [Registered("U1", date(2025, 1, 1)), seller_only, a_charge(net=100_00)]),
            (day("2026-05-05"), [sold]),
            (day("2026-05-20"), [cancelled]),
        ]
    )
    seller, buyer = account("U1", "O1"), account("U1", "O2")
    state = position(office.lines()[seller], office.heads(seller), LAST)
    assert [(one.item.issued_on, one.open_pence) for one in state.items] == [(day("2026-07-01"), 100_00)]
    assert [draft.balance_pence for draft in office.issued[seller]] == [100_00, 100_00]
    assert [[line.amount_pence for line in draft.lines] for draft in office.issued[buyer]] == [[100_00, -100_00]]
