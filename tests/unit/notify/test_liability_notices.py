"""Letters about a notice of potential liability: what it is for, whom it binds, until when, how it is cleared."""

import re
from dataclasses import replace
from datetime import date

import pytest

from services.notify.domain.dispatch import Hold, reason_to_keep_back
from services.notify.domain.liability_notices import Standing, is_overtaken, letter_of
from shared.events.arrears import HoldKind, NoticeChange, NoticeChanged, NoticeForm, NoticeState
from tests.support.letters import ISSUED, a_notice
from tests.unit.notify.cases import a_case, pdf_press, texts, written

CONSENT = a_notice(NoticeChange.CONSENT_ISSUED)
RENEWED = a_notice(NoticeChange.RENEWED, renewed_on=date(2029, 5, 2), last_on=date(2032, 5, 1))


def said(notice: NoticeChanged) -> list[str]:
    """What the letter's text and HTML say, in one line each."""
    return [" ".join(page.split()) for page in texts(a_case(notice))]


NAMED = ("number", "changed_on", "form", "title_number", "registered_on", "reference", "binds_from", "last_on")


@pytest.mark.parametrize("field", NAMED)
@pytest.mark.parametrize("change", [NoticeChange.REGISTERED, NoticeChange.RENEWED, NoticeChange.CONSENT_ISSUED])
def test_what_is_said_without_something_that_its_letter_names_has_no_letter(change: NoticeChange, field: str) -> None:
    """The fields are optional in the contract: an event without them is valid and must not stop the day."""
    whole = a_notice(change)
    assert letter_of(whole) is not None
    assert letter_of(whole.model_copy(update={field: None})) is None


def test_it_says_the_headings_the_effect_on_a_buyer_the_end_and_how_it_is_cleared() -> None:
    """Domain.md 5: title number, headings, effect on the buyer, cost, expiry, how it is cleared."""
    for page in said(a_notice()):
        for words in (
            "On 6 May 2026 we registered a notice of potential liability for costs against Flat 2/1",
            "under the Tenements (Scotland) Act 2004", "Title of the property: GLA12345.",
            "Reference of the Registers of Scotland: REG-77.", "Repairs to the roof", "Management fee",
            "If the property gets a new owner on 20 May 2026 or later, while the notice is in force",
            "the new owner is liable for these costs as well. You stay liable, too.",
            "It is in force until 5 May 2029, unless it is registered again",
            "it does not stop you from selling", "we send you our consent to its discharge",
            "This letter charges you nothing.", "Citizens Advice Scotland",
        ):  # fmt: skip
            assert words in page
    assert pdf_press().press(written(a_case(a_notice())), ISSUED).startswith(b"%PDF-")


WARNING = a_notice(
    NoticeChange.APPROVED, registered_on=None, last_on=None, binds_from=None, reference=None, state=NoticeState.APPROVED
)


def test_the_warning_says_what_is_going_to_be_registered_for_what_and_how_to_prevent_it() -> None:
    """The second reminder promises a letter before a notice is registered; domain.md 5 has a warning."""
    for page in said(WARNING):
        for words in (
            "We have decided to register a notice of potential liability for costs", "(title GLA12345)",
            "Repairs to the roof", "whoever gets the property after you is liable for these costs as well",
            "If all that it is for is paid before it is registered, we do not register it.", "Citizens Advice Scotland",
        ):  # fmt: skip
            assert words in page
    assert pdf_press().press(written(a_case(WARNING)), ISSUED).startswith(b"%PDF-")


def test_r_nopl_5_it_states_no_sum() -> None:
    for notice in (WARNING, a_notice(), RENEWED, CONSENT):
        assert not [page for page in said(notice) if re.search(r"£\d", page)]


def test_r_nopl_1_a_house_has_the_other_act() -> None:
    for page in said(a_notice(form=NoticeForm.TITLE_CONDITIONS)):
        assert "under the Title Conditions (Scotland) Act 2003" in page
        assert "Tenements" not in page


def test_a_renewal_says_when_it_was_first_registered_and_until_when_it_is_in_force_now() -> None:
    for page in said(RENEWED):
        assert "On 2 May 2029 we registered the notice of potential liability for costs" in page
        assert "It was first registered on 6 May 2026." in page
        assert "It is in force until 1 May 2032" in page
        assert "on 20 May 2026 or later" in page


def test_the_consent_says_how_it_is_taken_off_the_register_and_not_that_nothing_is_owed() -> None:
    for page in said(CONSENT):
        assert "We no longer need it, and consent to its discharge." in page
        assert "Only the owner of the property can have it discharged, or a solicitor for the owner." in page
        assert "it ends after 5 May 2029" in page
        assert "First-tier Tribunal" in page
        assert not re.search(r"paid|owe", page)


def test_no_letter_says_that_the_reader_owns_the_property_still() -> None:
    """Sellers often pay out of the price, so that the buyer is the owner by the day of the consent."""
    for notice in (CONSENT, RENEWED):
        assert not [page for page in said(notice) if re.search(r"you, or a solicitor|you, as owner", page)]


@pytest.mark.parametrize("notice", [WARNING, a_notice(), RENEWED])
def test_no_letter_says_that_anything_is_overdue_for_it_may_be_for_costs_to_come(notice: NoticeChanged) -> None:
    for page in said(notice):
        assert "costs of the property that you owe, or will owe." in page
        assert "overdue" not in page


def test_a_long_deed_and_words_that_look_like_markup_are_shown_as_they_are() -> None:
    long = a_notice(
        title_number="Disposition recorded in the Sasines for the county of " * 9, headings=("<b>#eval</b>",)
    )
    assert all(words in page for page in texts(a_case(long)) for words in ("Sasines", "#eval"))
    assert "<b>#eval</b>" in texts(a_case(long))[0]
    assert pdf_press().press(written(a_case(long)), ISSUED).startswith(b"%PDF-")


@pytest.mark.parametrize("change", NoticeChange)
def test_only_an_approval_a_registration_a_renewal_and_a_consent_are_told(change: NoticeChange) -> None:
    letters = {
        "approved": "notice-warning",
        "registered": "notice-registered",
        "renewed": "notice-registered",
        "consent-issued": "notice-consent",
    }
    assert letter_of(a_notice(change)) == letters.get(change)


def test_a_notice_that_was_taken_over_is_not_told_as_new() -> None:
    before, on_it = date(2026, 4, 30), date(2026, 5, 1)
    assert a_notice().approved_on == on_it
    assert letter_of(a_notice(registered_on=before)) is None
    assert letter_of(a_notice(NoticeChange.RENEWED, registered_on=before)) == "notice-registered"
    assert letter_of(a_notice(registered_on=on_it)) == "notice-registered"


@pytest.mark.parametrize("state", NoticeState)
def test_a_warning_is_overtaken_once_the_notice_is_turned_down_and_a_consent_once_it_does_not_stand(
    state: NoticeState,
) -> None:
    assert is_overtaken(WARNING, Standing(state)) is (state == "rejected")
    assert is_overtaken(CONSENT, Standing(state)) is (state not in {"consent-issued", "discharged", "expired"})
    assert not is_overtaken(WARNING, None)


@pytest.mark.parametrize("told", [a_notice(), RENEWED])
def test_a_registration_is_overtaken_once_it_is_entered_anew_or_taken_back(told: NoticeChanged) -> None:
    now = Standing("registered", told.registered_on, told.renewed_on, told.reference)
    assert not is_overtaken(told, now)
    assert not is_overtaken(told, replace(now, state="expired"))
    for other in ({"registered_on": date(2026, 5, 5)}, {"renewed_on": date(2029, 5, 1)}, {"reference": "REG-78"}):
        assert is_overtaken(told, replace(now, **other))
    assert is_overtaken(told, Standing("approved"))


@pytest.mark.parametrize("kind", HoldKind)
def test_a_hold_keeps_it_here_where_nobody_is_there_or_a_person_is_to_talk_first(kind: HoldKind) -> None:
    standing = [Hold(kind, None)]
    nobody, careful = {"deceased", "returned-mail"}, {"moratorium", "vulnerable"}
    kept = {
        name: reason_to_keep_back(name, standing) for name in ("notice-warning", "notice-registered", "notice-consent")
    }
    assert (kept["notice-registered"] == f"hold:{kind}") is (kind in nobody | careful)
    assert kept["notice-warning"] == kept["notice-registered"]
    assert (kept["notice-consent"] == f"hold:{kind}") is (kind in nobody)
    assert reason_to_keep_back("notice-registered", [Hold(kind, None, is_lifted=True)]) is None
