from pathlib import Path

import pytest
from tests.faults.soak.planted_bugs import BUGS, PlantedBug, UnplantableError, copy_sources


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_sources(tmp_path_factory.mktemp("sources"))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_bug_can_still_be_planted(sources: Path, bug: PlantedBug) -> None:
    file = sources / bug.file
    right = file.read_text()
    bug.plant(sources)
    wrong = file.read_text()
    file.write_text(right)
    assert wrong != right
    if file.suffix == ".py":
        compile(wrong, bug.file, "exec")


def test_a_bug_whose_place_has_changed_is_told(sources: Path) -> None:
    (sources / "README.md").write_text("nothing of the kind")
    with pytest.raises(UnplantableError, match=r"a bug: .*README.md holds what it changes 0 times"):
        PlantedBug("a bug", "README.md", "this", "that").plant(sources)
