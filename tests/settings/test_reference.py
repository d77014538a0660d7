"""The page of settings is what the models say."""

from settings.reference import PAGE, page


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m settings.reference"
