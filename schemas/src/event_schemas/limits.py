"""How much an event may hold: characters of texts, items of lists."""

from typing import Final

MAX_NAME_LENGTH: Final = 300
MAX_PARAGRAPHS_LENGTH: Final = 10_000
MAX_TAG_LENGTH: Final = 64
MAX_SCHEME_LENGTH: Final = 64
MAX_CODE_LENGTH: Final = 128
MAX_URL_LENGTH: Final = 2048

MAX_COUNTRIES: Final = 60
MAX_ACTORS: Final = 50
MAX_SOURCES: Final = 50
MAX_TAGS: Final = 50
MAX_CODES: Final = 20

#: Goldstein's scale reaches so far on either side of zero.
GOLDSTEIN: Final = 10
