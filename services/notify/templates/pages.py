"""HTML and plain-text letters: fixed templates of the package, everything that is data escaped, nothing missing."""

from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape
from mjml import mjml2html

from services.notify.domain.letter import Letter
from services.notify.templates.stationery import HERE


class Pages:
    """The HTML and text renderings of a letter.

    MJML is turned into HTML once, with the places still open in it; so its parser never sees data, and a letter costs
    one rendering.
    """

    def __init__(self) -> None:
        mjml = (HERE / "letter.mjml.j2").read_text(encoding="utf-8")
        sources = {"letter.html": mjml2html(mjml), "letter.txt": (HERE / "letter.txt.j2").read_text(encoding="utf-8")}
        environment = Environment(
            loader=DictLoader(sources),
            autoescape=select_autoescape(("html",), default=False, default_for_string=True),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
        )
        self._html = environment.get_template("letter.html")
        self._text = environment.get_template("letter.txt")

    def html(self, letter: Letter) -> str:
        """Return the letter as an HTML page that survives mail programs; nothing in it is loaded from elsewhere."""
        return self._html.render(letter=letter)

    def text(self, letter: Letter) -> str:
        """Return the letter as plain text."""
        return self._text.render(letter=letter)
