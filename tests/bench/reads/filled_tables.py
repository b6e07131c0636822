"""A generation filled at once, with as many events as one likes, as if the product had projected them.

What events say goes through the product's own standing and documents, as templates. SQL then makes events of them,
each with its own pair, date and place in the log. Indexes come last, as after a rebuild.
"""

import asyncio
import re
from importlib.resources import files
from itertools import combinations
from typing import Final

import asyncpg
from tests.bench.reads.filled_templates import templates

from timeline_service.adapters.postgres.generation_tables import create_tables
from timeline_service.adapters.postgres.migrations import migrate
from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.code_version import code_version

_COUNTRIES: Final = ("CHN", "USA", "IND", "RUS", "GBR", "FRA", "DEU", "JPN", "ISR", "IRN", "TUR")
_PARTITIONS: Final = 12
_TEMPLATES: Final = 4_000
#: The first holds a quarter of all events, the last 1 of 5,000, and the others the rest.
PAIRS: Final = (*("-".join(sorted(two)) for two in list(combinations(_COUNTRIES, 2))[:49]), "FJI-USA")
LARGEST: Final = PAIRS[0]
COMMON_COUNTRY: Final = "USA"
RARE_COUNTRY: Final = "FJI"

_TEMPLATE_TABLE: Final = """
create unlogged table filling.templates (
    number integer, before_countries text, before_initiators text, before_when text, type text, valence text,
    domain text, stage text, sources smallint, goldstein float8, facets text, words text
)
"""
#: Of twenty events fourteen have a day, two a month, two a year, one a long interval, and one has no end.
_EVENTS: Final = """
create unlogged table filling.events as
with drawn as (
    select
        n, md5(n::text)::uuid as event_id, (n % $partitions)::integer as partition, n / $partitions as from_offset,
        timestamptz '2025-01-01 00:00:00+00' + n * interval '1 millisecond' as accepted_at,
        $pairs[case
            when n % 4 = 0 then 1 when n % 5000 = 1 then 50
            else 2 + (hashint8extended(n, 1) & 9223372036854775807) % 48
        end] as pair,
        (hashint8extended(n, 2) & 9223372036854775807) % $templates as template,
        date '1950-01-01' + ((hashint8extended(n, 3) & 9223372036854775807) % 27759)::integer as day,
        (hashint8extended(n, 4) & 9223372036854775807) % 20 as form,
        (hashint8extended(n, 5) & 9223372036854775807) % 1000 as side
    from generate_series(0::bigint, $count - 1) as n
)
select
    n, event_id, partition, from_offset, accepted_at, accepted_at + interval '5 milliseconds' as recorded_at, pair,
    template, span, earliest, latest, case when side = 0 then 2 when side < 600 then 1 else 0 end as direction,
    before_countries || '"countries":["' || replace(pair, '-', '","') || '"],' || before_initiators
        || case
            when side = 0 then '"initiators":["' || split_part(pair, '-', 2) || '"],'
            when side < 600 then '"initiators":["' || split_part(pair, '-', 1) || '"],'
            else ''
        end || before_when || '"when":"' || written || '"}' as content
from drawn
cross join lateral (
    select 0, day, day, day::text where form < 14
    union all select
        1, date_trunc('month', day)::date, (date_trunc('month', day) + interval '1 month - 1 day')::date,
        to_char(day, 'YYYY-MM') where form in (14, 15)
    union all select
        2, date_trunc('year', day)::date, (date_trunc('year', day) + interval '1 year - 1 day')::date,
        to_char(day, 'YYYY') where form in (16, 17)
    union all select 3, day, day + 800, day || '/' || (day + 800)::text where form = 18
    union all select 3, day, 'infinity'::date, day || '/..' where form = 19
) as dated (span, earliest, latest, written)
join filling.templates on number = template
"""
_FILL: Final = {
    "revisions": """
insert into timeline_g1.revisions (
    event_id, revision, partition, from_offset, action, record_id, principal, accepted_at, recorded_at,
    first_accepted_at, first_recorded_at, digest, content
)
select
    event_id, 1, partition, from_offset, 'recorded', event_id, 'anonymous', accepted_at, recorded_at,
    accepted_at, recorded_at, sha256(convert_to(content, 'UTF8')), content
from filling.events
""",
    "entries": """
insert into timeline_g1.entries (
    pair, span, earliest, latest, accepted_at, event_id, revision, partition, from_offset, retracted, type, valence,
    domain, stage, sources, goldstein, direction
)
select
    pair, span, earliest, latest, accepted_at, event_id, 1, partition, from_offset, false, type, valence, domain,
    stage, sources, goldstein, direction
from filling.events join filling.templates on number = template
""",
    "documents": """
insert into timeline_g1.documents (
    event_id, revision, partition, from_offset, retracted, span, earliest, latest, accepted_at, type, valence, domain,
    sources, goldstein, facets, words
)
select
    event_id, 1, partition, from_offset, false, span, earliest, latest, accepted_at, type, valence, domain,
    sources, goldstein,
    array['pair:' || pair, 'country:' || split_part(pair, '-', 1), 'country:' || split_part(pair, '-', 2)]
        || case when direction > 0 then array['initiator:' || split_part(pair, '-', direction)] end
        || said.facets,
    said.words
from filling.events
join (
    select number, type, valence, domain, sources, goldstein, string_to_array(facets, chr(31)) as facets,
        words::tsvector as words
    from filling.templates
) as said on number = template
""",
    "name_counts": """
insert into timeline_g1.name_counts (partition, facet, spelling, spelled_at, events)
select partition, facet, split_part(facet, ':', 2), min(from_offset), count(*)
from filling.events
join (select number, unnest(string_to_array(facets, chr(31))) as facet from filling.templates) as said
    on number = template
where facet ~ '^(tag|actor|publisher):'
group by partition, facet
""",
}
_COUNTS: Final = """
insert into timeline_g1.pair_counts (partition, pair, events, last_offset)
select partition, pair, count(*), max(from_offset) from filling.events group by partition, pair;
insert into timeline_g1.checkpoints (
    partition, next_offset, epoch, owner, cluster_id, partition_count, last_offset, recorded_at, applied, duplicate,
    rejected, parked, gaps
)
select
    partition, coalesce(max(from_offset), -1) + 1, 1, 'bench', 'bench', $partitions, max(from_offset),
    max(recorded_at), count(event_id), 0, 0, 0, coalesce(max(from_offset), -1) + 1 - count(event_id)
from generate_series(0, $partitions - 1) as partition left join filling.events using (partition)
group by partition;
insert into timeline_g1.search_checkpoints select partition, next_offset from timeline_g1.checkpoints;
"""


async def fill_tables(url: str, count: int) -> None:
    """Migrate an empty database and fill its generation with so many events."""
    connection = await asyncpg.connect(url)
    try:
        await migrate(connection, code_version())
        await connection.execute("drop schema timeline_g1 cascade; create schema filling")
        async with connection.transaction():
            await create_tables(connection, generation_schema(1), indexes=False)
        await _load_templates(connection)
        pairs = f"(array[{', '.join(repr(pair) for pair in PAIRS)}])"
        words = {"$partitions": str(_PARTITIONS), "$templates": str(_TEMPLATES), "$count": str(count), "$pairs": pairs}
        await connection.execute(_said(_EVENTS, words))
        await asyncio.gather(
            _run(url, _said(_COUNTS, words), *_indexes("outcomes")),
            *(_run(url, statement, *_indexes(table)) for table, statement in _FILL.items()),
        )
        await connection.execute("drop schema filling cascade")
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def _load_templates(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await connection.execute(_TEMPLATE_TABLE)
    rows = [
        (
            number, made.before_countries, made.before_initiators, made.before_when, *made.traits,
            "\x1f".join(made.facets), made.words,
        )
        for number, made in enumerate(templates(_TEMPLATES))
    ]  # fmt: skip
    await connection.copy_records_to_table("templates", schema_name="filling", records=rows)
    await connection.execute("analyze filling.templates")


async def _run(url: str, *statements: str) -> None:
    """Run statements in a connection of their own: tables are filled side by side."""
    settings = {"synchronous_commit": "off", "maintenance_work_mem": "512MB", "search_path": "timeline_g1"}
    connection = await asyncpg.connect(url, server_settings=settings)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _indexes(table: str) -> list[str]:
    """The product's own statements that make a table's indexes."""
    text = (files("timeline_service") / "sql" / "generation_indexes.sql").read_text(encoding="utf-8")
    of_table = re.compile(rf"\b(on|table) {table}\b")
    return [statement for statement in text.split(";") if of_table.search(statement)]


def _said(statement: str, words: dict[str, str]) -> str:
    for word, meaning in words.items():
        statement = statement.replace(word, meaning)
    return statement
