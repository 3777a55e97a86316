"""Opening evidence at a place: rows of a file of any size, filtered and searched, and what locators mean."""

from holdfast.diagnostics.viewing.following import Step, Trail, follow
from holdfast.diagnostics.viewing.fragments import Fragment, fragment_of
from holdfast.diagnostics.viewing.pages import Hits, Page, Row, Wanted, open_page
from holdfast.diagnostics.viewing.places import row_of

__all__ = [
    "Fragment",
    "Hits",
    "Page",
    "Row",
    "Step",
    "Trail",
    "Wanted",
    "follow",
    "fragment_of",
    "open_page",
    "row_of",
]
