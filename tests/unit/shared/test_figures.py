"""A measured figure is met, missed or not measured, and says so in the report, the page and the file for programs."""

from tests.benchmarks.figures import Figure


def test_the_median_of_the_rounds_is_held_to_the_target() -> None:
    assert Figure("ratio", "times", (0.1, 0.7, 0.6), least=0.6).met is True
    assert Figure("ratio", "times", (0.9, 0.5, 0.5), least=0.6).met is False
    assert Figure("time", "ms", (40.0, 60.0, 51.0), most=50).met is False
    assert Figure("rate", "events/s", (1.0,)).met is None


def test_what_could_not_be_measured_is_neither_met_nor_missed() -> None:
    figure = Figure("pdfs", "times", (), least=25)
    assert figure.met is None
    assert figure.line().split() == ["pdfs", "not", "measured"]
    assert figure.row() == "| pdfs | not measured |  | >= 25 |  |"
    assert figure.entry()["value"] is None
