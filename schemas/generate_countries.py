"""Write `countries.json` from ISO 3166 (pycountry), CLDR (babel) and the table of aliases; `--check` compares.

The services read only the result, so what a name means never changes with an upgraded library by itself.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pycountry
from babel import Locale

from event_schemas.countries import fold_name

HERE = Path(__file__).parent
RESULT = HERE / "src/event_schemas/countries.json"
ALIASES = HERE / "aliases.json"


def generate() -> dict[str, Any]:
    """Names by code, and what each code and each folded name means: one code, or several candidates.

    Besides, what is none of them: regions, by CAMEO's codes and by name; parts of a state, where nobody disputes whose
    they are; and names for which no country is offered, because whose they are is disputed.
    """
    table = json.loads(ALIASES.read_text())
    names: dict[str, str] = dict(table["names"])
    meanings: defaultdict[str, set[str]] = defaultdict(set)
    labels = Locale("en").territories
    for country in pycountry.countries:
        names[country.alpha_3] = labels.get(country.alpha_2, country.name)
        meanings[country.alpha_2] |= {country.alpha_3}
        for field in ("name", "official_name", "common_name"):
            if hasattr(country, field):
                meanings[fold_name(getattr(country, field))] |= {country.alpha_3}
    current = set(names) - set(table["names"])
    for country in pycountry.historic_countries:
        if country.alpha_3 in current:
            continue
        meaning = table["succeeded"].get(country.alpha_3, country.alpha_3)
        names.setdefault(meaning, country.name)
        meanings[country.alpha_3] |= {meaning}
        if country.alpha_2 not in {known.alpha_2 for known in pycountry.countries}:
            meanings[country.alpha_2] |= {meaning}
        meanings[fold_name(country.name)] |= {meaning}
    for code, name in names.items():
        meanings[code] |= {code}
        meanings[fold_name(name)] |= {code}
    for name, code in table["aliases"].items():
        meanings[name if name.isupper() and len(name) == 2 else fold_name(name)] = {code}
    for name, codes in table["ambiguous"].items():
        meanings[fold_name(name)] = set(codes)
    regions = table["regions"] | {fold_name(name.removeprefix("the ")): name for name in table["regions"].values()}
    return {
        "names": dict(sorted(names.items())),
        "meanings": {key: sorted(codes) for key, codes in sorted(meanings.items())},
        "regions": dict(sorted(regions.items())),
        "parts": {fold_name(name): code for name, code in sorted(table["parts"].items())},
        "apart": sorted(map(fold_name, table["apart"])),
    }


def main() -> None:
    """Write the file, or with --check exit 1 when it is not what would be written."""
    text = json.dumps(generate(), ensure_ascii=False, indent=1) + "\n"
    if "--check" not in sys.argv:
        RESULT.write_text(text)
    elif RESULT.read_text() != text:
        sys.exit(f"{RESULT.name} is not current: run python schemas/generate_countries.py")


if __name__ == "__main__":
    main()
