"""Every kind of bad or odd input, what it gets, and which tests prove it."""

from dataclasses import dataclass

_REJECTS = "tests/contract/test_decode_rejects.py::test_"
_ACCEPTS = "tests/contract/test_decode_accepts.py::test_"
_ODD = "tests/contract/test_decode_oddities.py::test_"
_WIRE = "tests/integration/bus/test_odd_records.py::test_"
_SYSTEM = "tests/system/test_contract_inputs.py::test_"
_SAFETY = "tests/unit/notify/test_safety.py::test_"

NOT_JSON = (f"{_REJECTS}not_json", f"{_SYSTEM}what_is_no_event_is_a_dead_letter_with_its_reason_and_its_bytes")
ONE_WRONG = (f"{_REJECTS}one_thing_wrong", NOT_JSON[1])
AMOUNT = (f"{_REJECTS}an_amount_that_is_no_positive_whole_number_of_pence", NOT_JSON[1])
ROUTING = (
    f"{_WIRE}headers_keys_and_timestamps_neither_lose_an_event_nor_its_neighbours",
    f"{_ACCEPTS}headers_never_decide_in_structured_mode",
)
TOO_LARGE = (
    f"{_REJECTS}too_large_is_not_even_parsed",
    f"{_ODD}a_record_of_spaces_or_of_a_hundred_thousand_fields_is_too_large_to_be_looked_at",
)
REFUSED = (f"{_SYSTEM}what_a_rule_refuses_is_a_dead_letter_with_the_rules_name",)
CLASH = (f"{_SYSTEM}of_two_that_contradict_each_other_the_first_stands",)
ONCE = (f"{_SYSTEM}what_is_valid_is_applied_once_however_often_it_is_said",)
HELD = (f"{_SYSTEM}what_depends_on_something_unknown_is_held_and_seen",)
CLOCK = (f"{_ACCEPTS}time_is_never_compared_with_a_clock",)
NAMES = (f"{_ACCEPTS}people_may_be_called_anything",)
LATE_SALE = ("tests/system/test_contract_ownership.py::test_a_sale_learnt_late_moves_what_was_billed",)
VERSIONS = (
    "tests/integration/bus/test_days.py::test_versions_ahead_wait_for_the_one_before_them_and_behind_are_duplicates"
)
SOMEBODY_ELSE = f"{_ODD}a_subject_and_a_key_of_somebody_else_change_nothing"
WAITING = f"{_SYSTEM}the_suspense_figures_are_the_sum_of_what_waits"
CLOSED_QUARTER = (
    "tests/integration/billing/test_books.py"
    "::test_a_refund_claimed_nine_months_later_leaves_the_closed_quarter_as_it_was"
)
OLDER = f"{_WIRE}an_older_version_under_a_new_name_is_a_repeat"


@dataclass(frozen=True, slots=True)
class Row:
    """An input and what it gets: ``tests`` prove it, or ``why_not`` says why the contract has no such case."""

    number: int
    what: str
    gets: str
    tests: tuple[str, ...] = ()
    why_not: str = ""


ROWS = (
    # The record: key, headers, bytes.
    Row(1, "no value", "dead letter not-json", NOT_JSON),
    Row(2, "no bytes", "dead letter not-json", NOT_JSON),
    Row(3, "white space only", "dead letter not-json", NOT_JSON),
    Row(4, "random bytes, gzip", "dead letter not-json", NOT_JSON),
    Row(5, "a byte order mark", "dead letter not-json", NOT_JSON),
    Row(6, "UTF-16, Latin-1", "dead letter not-json", NOT_JSON),
    Row(7, "broken UTF-8 inside a text", "dead letter not-json", NOT_JSON),
    Row(8, "a header that is no UTF-8", "applied; headers decide nothing", ROUTING),
    Row(9, "headers without value or name, twice, two hundred", "applied", ROUTING),
    Row(10, "forged reply_to, correlation_id", "applied; nothing is answered", ROUTING),
    Row(11, "a content type of something else", "applied; the bytes decide", ROUTING),
    Row(12, "no key", "applied; the key only routes", ROUTING),
    Row(13, "the key of another thing", "applied", (*ROUTING, SOMEBODY_ELSE)),
    Row(14, "a key that is no UTF-8, or of 10 KB", "applied", ROUTING),
    Row(15, "256 KiB and a byte", "dead letter too-large, not parsed", (*TOO_LARGE, NOT_JSON[1])),
    Row(16, "a record's time of 1970, of 2200", "applied; the broker's clock stamps it", ROUTING),
    Row(
        17, "written by who may not", "the broker refuses it",
        ("tests/integration/security/test_kafka_access.py::test_nobody_writes_another_ones_topic",),
    ),
    # JSON.
    Row(18, "cut off", "dead letter not-json", NOT_JSON),
    Row(19, "something after the object", "dead letter not-json", NOT_JSON),
    Row(20, "no object", "dead letter not-json", NOT_JSON),
    Row(21, "a field twice", "dead letter not-json", NOT_JSON),
    Row(
        22, "too deep", "dead letter not-json",
        (*NOT_JSON, f"{_REJECTS}the_largest_record_and_the_deepest_nesting_pass"),
    ),
    Row(23, "NaN, Infinity, -0, 1e400", "dead letter", (*NOT_JSON, f"{_REJECTS}minus_zero_is_nothing", *AMOUNT)),
    Row(
        24, "a number of 5,000 digits", "dead letter bad-amount; elsewhere unknown fields may be endless",
        (f"{_REJECTS}an_amount_of_five_thousand_digits", f"{_ACCEPTS}numbers_nobody_reads_may_be_endless"),
    ),
    Row(
        25, "100,000 fields, a megabyte of spaces", "dead letter too-large, at once",
        (*TOO_LARGE, f"{_ODD}as_many_fields_as_a_record_can_hold_are_counted_in_no_time"),
    ),
    Row(26, "NUL in a text", "dead letter bad-text", ONE_WRONG),
    Row(27, "half a surrogate pair", "dead letter not-json", NOT_JSON),
    Row(28, "comments, single quotes, a comma too many", "dead letter not-json", NOT_JSON),
    Row(
        29, "__proto__, constructor", "applied; counted as unknown fields",
        (f"{_ACCEPTS}unknown_fields_are_counted_at_every_depth_and_belong_to_the_content",),
    ),
    # The envelope.
    Row(30, "no specversion, another one", "dead letter", ONE_WRONG),
    Row(31, "no id, an impossible one", "dead letter; any other id is a name as it stands", ONE_WRONG),
    Row(
        32, "the same event again", "duplicate",
        (*ONCE, "tests/integration/bus/test_hearing.py::test_an_event_is_applied_once_however_often_it_comes"),
    ),
    Row(33, "the same id, other content", "dead letter conflicting-event", CLASH),
    Row(34, "the same fact under another id", "duplicate", ONCE),
    Row(35, "an unknown type", "dead letter unknown-type", ONE_WRONG),
    Row(36, "an unknown version", "dead letter unknown-type", ONE_WRONG),
    Row(37, "a type on another's topic", "dead letter wrong-topic", ONE_WRONG),
    Row(38, "the subject of another thing", "applied", (SOMEBODY_ELSE,)),
    Row(39, "no time, one without offset, 31 February", "dead letter bad-date", ONE_WRONG),
    Row(40, "a time in the future", "applied", CLOCK),
    Row(41, "a time long past", "applied", CLOCK),
    Row(42, "no version or an impossible one, from us", "dead letter", ONE_WRONG),
    Row(43, "the version we have, from us", "duplicate", (OLDER,)),
    Row(44, "an older version, from us", "duplicate", (OLDER,)),
    Row(45, "a version too new, from us", "held until the one before it", (VERSIONS,)),
    Row(
        46, "a story id that would forge a log line", "applied without it",
        (f"{_ACCEPTS}a_story_id_that_could_forge_a_log_line_is_left_out",),
    ),
    Row(
        47, "a broken trace", "applied without it",
        (f"{_ODD}a_trace_that_could_forge_a_log_line_is_left_out_and_the_event_stands",),
    ),
    # Money, days, rules.
    Row(48, "money as text, float, true", "dead letter bad-amount", AMOUNT),
    Row(49, "nothing", "dead letter bad-amount", AMOUNT),
    Row(50, "less than nothing", "dead letter bad-amount", AMOUNT),
    Row(51, "10^13 pence and more", "dead letter bad-amount", (*AMOUNT, f"{_ACCEPTS}the_largest_amount_passes")),
    Row(52, "a hundred times too much", "applied", why_not="an officer sees it in the statement run; no limit is set"),
    Row(53, "a currency", "", why_not="there is only one"),
    Row(54, "net and tax that do not make the gross", "dead letter tax-does-not-add-up", REFUSED),
    Row(
        55, "money for nobody we know", "suspense, with its value date",
        (f"{_SYSTEM}money_that_nobody_matches_is_in_suspense_with_its_value_date",),
    ),
    Row(56, "a charge before its unit", "held; counted in suspense", (*HELD, WAITING)),
    Row(
        57, "money before what it pays", "credit, settled by the next statement",
        ("tests/system/test_contract_money.py::test_credit_pays_the_next_statement_when_it_is_issued",),
    ),
    Row(58, "a reversal of an unknown payment", "held", HELD),
    Row(59, "reversed above the payment", "dead letter reversal-above-payment", REFUSED),
    Row(
        60, "a sale to the same owner", "a period of its own",
        ("tests/unit/owners/test_line.py::test_the_same_owner_again_still_starts_a_period",),
    ),
    Row(61, "shares of an ownership", "", why_not="an ownership has parties, not percentages"),
    Row(62, "days the wrong way round", "dead letter bad-date", ONE_WRONG),
    Row(63, "a sale of months ago", "applied; what was billed moves", LATE_SALE),
    Row(64, "news of a closed quarter", "in the open book, with its value date", (CLOSED_QUARTER,)),
    Row(65, "another tenant's event", "", why_not="there is only one"),
    Row(66, "the bank's entry id with another amount", "dead letter conflicting-id", CLASH),
    Row(67, "a word that is not on the list", "dead letter unknown-enum", ONE_WRONG),
    # Text on its way into a letter, a log, a table.
    Row(
        68, "line breaks and encoded words in a name", "refused at the door; no header in any mail",
        (*ONE_WRONG, f"{_SAFETY}a_hostile_name_adds_no_header_and_no_recipient"),
    ),
    Row(69, "an address that is not one mailbox", "printed instead", (
        f"{_SAFETY}only_one_plain_mailbox_is_sent_to",
        "tests/unit/notify/test_recipients.py::test_an_address_that_is_not_one_mailbox_is_no_address",
    )),
    Row(70, "markup and templates in a name or memo", "shown as they are written", (
        "tests/unit/notify/test_pages.py::test_what_people_write_is_shown_literally",
        "tests/unit/notify/test_pages.py::test_a_pdf_is_made_whatever_people_write",
    )),
    Row(71, "right-to-left overrides, floods of accents", "cleaned", (
        f"{_SAFETY}cleaning_leaves_nothing_that_steers_and_is_stable", f"{_SAFETY}combining_floods_are_cut",
    )),
    Row(72, "a formula in an exported table", "an apostrophe before it", (
        "tests/unit/shared/test_csv_text.py::test_a_word_that_a_spreadsheet_would_work_out_gets_an_apostrophe",
        "tests/integration/billing/test_questions.py::test_no_word_of_the_csv_is_a_formula",
    )),
    Row(73, "a forged log line in any field", "stays inside its field", (
        "tests/unit/shared/test_log_forging.py::test_a_forged_line_stays_inside_its_field",
        "tests/unit/shared/test_log_forging.py::test_any_words_are_one_line",
    )),
    Row(74, "a memo of a megabyte, of 501 characters", "dead letter too-large, bad-text", (*TOO_LARGE, *ONE_WRONG)),
    Row(75, "unusual names", "as their owners write them", (*NAMES, f"{_SAFETY}a_name_is_kept_as_its_owner_writes_it")),
)  # fmt: skip
