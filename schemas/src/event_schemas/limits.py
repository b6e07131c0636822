"""How much an event may hold: characters of texts, items of lists."""

from typing import Final

LONGEST_NAME: Final = 300
LONGEST_PARAGRAPHS: Final = 10_000
LONGEST_TAG: Final = 64
LONGEST_SCHEME: Final = 64
LONGEST_CODE: Final = 128
LONGEST_URL: Final = 2048

MOST_COUNTRIES: Final = 60
MOST_ACTORS: Final = 50
MOST_SOURCES: Final = 50
MOST_TAGS: Final = 50
MOST_CODES: Final = 20

#: Goldstein's scale reaches so far on either side of zero.
GOLDSTEIN: Final = 10
