from tests.support.inputs.signed_records import key_line, signer

from timeline_service.code_version import code_version
from timeline_service.judge.trusted_keys import TrustedKeys
from timeline_service.replay.loading.partition_load import PartitionLoad, partition_loads
from timeline_service.settings import Settings

SETTINGS = Settings(database_url="postgresql://nobody@127.0.0.1:1/nothing", spill_folder="spill")


def test_each_partition_is_loaded_up_to_its_end() -> None:
    loads = [*partition_loads(SETTINGS, "schema", "cluster", (3, 0))]
    assert loads == [
        PartitionLoad("schema", 0, 3, 2, "cluster", code_version(), "spill"),
        PartitionLoad("schema", 1, 0, 2, "cluster", code_version(), "spill"),
    ]


def test_a_load_is_judged_by_the_keys_that_its_replayer_has_read() -> None:
    trusted = TrustedKeys(key_line(signer(1)))
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/nothing", trusted_keys_file=trusted)
    (load,) = partition_loads(settings, "schema", "cluster", (1,))
    assert load.code_version == f"{code_version()}.keys-{trusted.digest}"
    assert TrustedKeys(load.trusted_keys or "").digest == trusted.digest
    assert PartitionLoad.read(load.written()) == load


def test_a_worker_reads_what_was_written_for_it() -> None:
    load = PartitionLoad("schema", 1, 2, 3, "", "code")
    assert load.written().endswith(b"\n")
    assert PartitionLoad.read(load.written()) == load
