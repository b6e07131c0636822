"""Known vulnerabilities of what is pinned, as OSV has them: one fails, and where nobody can be asked, that is said.

`OSV_URL` names another service that answers as OSV does.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
_SECONDS: Final = 300
_WORDS: Final = 300


def main() -> int:
    """Ask; returns the exit status."""
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "-r", "dev.txt", "-f", "json"]
    service = ["-s", "osv", "--timeout", "15", "--progress-spinner", "off"]
    if url := os.environ.get("OSV_URL"):
        service += ["--osv-url", url]
    try:
        done = subprocess.run(
            [*command, *service], cwd=HERE, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        found = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return _not_asked(f"no answer within {_SECONDS} s")
    except (ValueError, KeyError):
        return _not_asked(done.stderr.strip().rpartition("\n")[2][-_WORDS:])
    bad = [(part["name"], part["version"], each) for part in found for each in part.get("vulns", ())]
    for name, version, each in bad:
        fixed = ", ".join(each["fix_versions"]) or "nothing yet"
        print(f"{name} {version} is vulnerable: {each['id']}, mended by {fixed}. Pin that (see CONTRIBUTING.md)")
    return int(bool(bad))


def _not_asked(reason: str) -> int:
    print(f"vulnerabilities were not asked for, since nobody could be asked: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
