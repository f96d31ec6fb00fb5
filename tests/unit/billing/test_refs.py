"""Account ids, references and statement numbers, and reading them out of free text."""

import hashlib
import string
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import refs

REF = refs.account_ref("U1", "O1")
OTHER = refs.account_ref("U2", "O1")
ids = st.text(string.ascii_letters + string.digits + "._:/-", min_size=1, max_size=64)


def test_account_id_is_the_head_of_the_digest_of_unit_and_ownership() -> None:
    assert refs.account_id("U1", "O1") == str(UUID(bytes=hashlib.sha256(b"account|U1|O1").digest()[:16]))


def test_internal_account_has_no_ownership_in_its_name() -> None:
    assert refs.account_id("U1", None) == str(UUID(bytes=hashlib.sha256(b"account|U1|").digest()[:16]))


@given(ids, ids)
def test_account_ref_is_twelve_characters_with_the_right_check_character(unit_id: str, ownership_id: str) -> None:
    ref = refs.account_ref(unit_id, ownership_id)
    assert len(ref) == 12
    assert ref[0] == "F"
    assert set(ref[:-1]) <= set(string.digits + string.ascii_uppercase) - set("ILOU")
    assert refs.is_account_ref(ref)


@given(ids, st.integers(0, 11), st.sampled_from(string.digits + string.ascii_uppercase))
def test_one_wrong_character_is_always_noticed(unit_id: str, place: int, letter: str) -> None:
    ref = refs.account_ref(unit_id, "O1")
    wrong = ref[:place] + letter + ref[place + 1 :]
    assert refs.is_account_ref(wrong) == (wrong == ref)


def test_statement_no_names_account_and_quarter() -> None:
    assert refs.statement_no(REF, "2026Q1") == f"{REF}-2026Q1"


@pytest.mark.parametrize(
    "text",
    [
        REF,
        REF.lower(),
        f"{REF[:4]} {REF[4:8]} {REF[8:]}",
        f"{REF[:4]}-{REF[4:8]}-{REF[8:]}",
        f"FACTORING {REF} FLAT 2/1",
        f"rent{REF}thanks",
        f"{REF}-2026Q1",
        f"{REF} 2026 q1",
        f"{REF} {REF}",
        f"F{REF}",
        f"\t{REF}\u00a0",
    ],
)
def test_account_ref_is_found_whatever_case_spaces_and_hyphens(text: str) -> None:
    assert REF in refs.found_refs(text)


@pytest.mark.parametrize(
    "text", [None, "", "F", REF[:-1], "FLAT 2/1", "F" * 12 + "!", "\u017f" + REF[1:], "\uff26" + REF[1:]]
)
def test_nothing_is_found_where_no_account_ref_stands(text: str | None) -> None:
    assert refs.found_refs(text) == ()


def test_two_account_refs_are_both_found_in_order() -> None:
    assert refs.found_refs(f"{OTHER} and {REF}") == tuple(sorted((REF, OTHER)))


def test_stated_ref_is_read_like_a_reference() -> None:
    assert refs.stated_ref(f" {REF[:6].lower()}-{REF[6:]} ") == REF


@pytest.mark.parametrize("text", [None, "", "U1", REF + "X", REF[:-1] + ("0" if REF[-1] != "0" else "1")])
def test_stated_ref_with_a_wrong_check_character_says_nothing(text: str | None) -> None:
    assert refs.stated_ref(text) is None
