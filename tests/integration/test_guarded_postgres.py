"""PostgreSQL over TLS: who it is must be proved, and whoever is turned away is told what to do."""

from collections.abc import AsyncIterator, Callable

import pytest
from tests.support.running.certificates import Authority
from tests.support.running.guarded_engines import PASSWORD, GuardedPostgres, guarded_postgres
from tests.support.running.session_folder import session_folder

from local_stack.errors import StackError
from local_stack.postgres_engine import wait_for_postgres
from service_edge.database_access import read_database_url
from service_edge.secret_files import SettingError
from timeline_service.adapters.postgres.migrations import migrate_database
from timeline_service.errors import UnavailableError


@pytest.fixture(scope="module")
async def postgres() -> AsyncIterator[GuardedPostgres]:
    async with guarded_postgres() as postgres:
        yield postgres


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_over_tls_the_database_is_migrated(postgres: GuardedPostgres, mode: str) -> None:
    url = read_database_url({"DATABASE_URL": postgres.url(mode=mode)})
    assert url is not None
    await wait_for_postgres(url)
    await migrate_database(url)
    assert await migrate_database(url) == []


async def test_a_certificate_that_does_not_hold_is_not_taken(postgres: GuardedPostgres) -> None:
    try:
        await postgres.show(("elsewhere.example",))
        with pytest.raises(UnavailableError, match="it shows a certificate that is for another host"):
            await migrate_database(postgres.url())
        with pytest.raises(StackError, match="the PostgreSQL of DATABASE_URL shows a certificate that is for another"):
            await wait_for_postgres(postgres.url())
        await migrate_database(postgres.url(mode="verify-ca"))
        await postgres.show(expired=True)
        with pytest.raises(UnavailableError, match=r"does not hold today \(certificate has expired\): renew it there"):
            await migrate_database(postgres.url())
    finally:
        await postgres.show()
    await migrate_database(postgres.url())


async def test_a_certificate_of_another_authority_is_not_taken(postgres: GuardedPostgres) -> None:
    stranger = Authority(session_folder(), "another")
    url = postgres.url().replace(str(postgres.authority.file), str(stranger.file))
    with pytest.raises(UnavailableError, match="authority's with sslrootcert in DATABASE_URL"):
        await migrate_database(url)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda url: url.replace(PASSWORD, "wrong"), 'password authentication failed for user "dyadline"'),
        (lambda url: url.replace("sslmode=verify-full", "sslmode=disable"), "no encryption"),
    ],
)
async def test_who_is_turned_away_is_told_why_and_nothing_of_the_password(
    postgres: GuardedPostgres, change: Callable[[str], str], words: str
) -> None:
    url = change(postgres.url())
    for refused, asked in ((UnavailableError, migrate_database), (StackError, wait_for_postgres)):
        with pytest.raises(refused) as error:
            await asked(url)
        assert words in str(error.value)
        assert PASSWORD not in str(error.value)
        assert "wrong" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://u:hush@h/d", "names no PostgreSQL"),
        ("postgresql://u:hu#sh@h:5432/d", "cannot be read: expected postgresql://"),
        ("postgresql://u:hush@h:port/d", "cannot be read: expected postgresql://"),
        ("postgresql://u:hush@h/d?sslmode=on", "sslmode=on of DATABASE_URL: write one of disable"),
        ("postgresql://u:hush@h/d?sslmode=verify-full", "needs sslrootcert"),
        ("postgresql://u:hush@h/d?sslmode=verify-ca&sslrootcert=/no", "sslrootcert of DATABASE_URL=/no cannot be read"),
    ],
)
def test_a_url_that_cannot_be_is_refused_without_telling_it(url: str, words: str) -> None:
    with pytest.raises(SettingError) as refused:
        read_database_url({"DATABASE_URL": url})
    assert words in str(refused.value)
    assert "hush" not in str(refused.value)
