"""A timeline service that does not answer is not waited for without end, and the positions are told."""

import pytest
from tests.support.running.silence import never_answering

from ingest_service.cli.complaints import Complaints
from ingest_service.cli.parts import Part, Receipt
from ingest_service.cli.refusals import SendingError
from ingest_service.cli.services import Service
from ingest_service.cli.settling import Settlement
from ingest_service.importing.drafts import Unwatched
from ingest_service.importing.tally import Tally
from service_edge.terminal import ExitStatus


def test_a_frozen_timeline_service_is_out_of_reach() -> None:
    tally, receipt = Tally(recorded=1), Receipt.of("3:17", "e", 1, Part(b"{}", "line 1"))
    with (
        never_answering() as url,
        Complaints(None) as complaints,
        Settlement(Service(url), tally, complaints, answer_in=0.05) as settlement,
    ):
        settlement.add([receipt])
        settlement.look()  # which waits for nothing, and tells of no trouble
        with pytest.raises(SendingError) as raised:
            settlement.finish(Unwatched())
    assert raised.value.status is ExitStatus.OUT_OF_REACH
    assert f"{url} is out of reach (no answer within 0.05 seconds). All is recorded" in str(raised.value)
    assert "they are at 3:17" in str(raised.value)
