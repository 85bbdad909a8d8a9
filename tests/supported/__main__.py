"""``python -m tests.supported`` writes the page anew; look at the difference before committing it."""

from tests.supported.page import PATH, page

PATH.write_text(page())
