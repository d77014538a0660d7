"""docs/warehouse.md lists the columns that a query really gives."""

from warehouse import VIEWS, reference


def test_the_page_holds_the_reference_as_it_is() -> None:
    page = reference.PAGE.read_text(encoding="utf-8")
    written = page.partition(reference.BEGIN)[2].partition(reference.END)[0]
    assert written == reference.reference(), "run python -m warehouse.reference"


def test_every_view_has_a_section() -> None:
    page = reference.PAGE.read_text(encoding="utf-8")
    assert [view for view in VIEWS if f"\n### {view}\n" not in page] == []
