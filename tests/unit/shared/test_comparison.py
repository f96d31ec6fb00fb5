"""Two sides laid side by side: every key once, whatever is missing where; and the account is named."""

from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from shared.rebuild.comparison import Row, _in_words, _pairs

SIDES = st.dictionaries(
    st.text(alphabet="aB\u00e9\u20ac \U0001f3e0", max_size=3), st.sampled_from(["1", "2"]), max_size=8
)


async def rows(side: dict[str, str]) -> AsyncIterator[Row]:
    for key in sorted(side):
        yield key, side[key]


@given(SIDES, SIDES)
async def test_every_key_of_either_side_comes_once_with_both_rows(
    live: dict[str, str], rebuilt: dict[str, str]
) -> None:
    found = [pair async for pair in _pairs(rows(live), rows(rebuilt))]
    assert found == [(key, live.get(key), rebuilt.get(key)) for key in sorted({*live, *rebuilt})]


def test_the_account_and_the_first_field_that_differs_are_named() -> None:
    words = _in_words("S1", '{"account_id": "a", "b": 1, "c": 2}', '{"account_id": "a", "b": 1, "c": 3}', {"a": "F1"})
    assert words == "account F1, S1: c is 2 in the live database, 3 rebuilt"


def test_a_row_of_one_side_only_says_which() -> None:
    assert _in_words("F1", '{"account_ref": "F1"}', None, {}) == "account F1: only in the live database"
    assert _in_words("U1", None, "{}", {}) == "U1: only in the rebuilt database"
