"use strict";
/* Emmett's own event store in PostgreSQL, measured: `node store.js URL FILE`, the events one a line of JSON.

Says what each of some appends took, and how many events a second come of several writers, of batches, and of a
rebuild of a projection with one row an event. */
const { readFileSync } = require("node:fs");
const { getPostgreSQLEventStore, postgreSQLRawSQLProjection, rebuildPostgreSQLProjections } = require(
  "@event-driven-io/emmett-postgresql",
);
const { SQL } = require("@event-driven-io/dumbo");
const { Client } = require("pg");

const WRITERS = 8;
const BATCH = 100;
const ALONE = 300;

const [url, file] = process.argv.slice(2);
const events = readFileSync(file, "utf8").trimEnd().split("\n").map((line) => ({ type: "Recorded", data: JSON.parse(line) }));

async function perSecond(count, work) {
  const start = performance.now();
  await work();
  return (count * 1000) / (performance.now() - start);
}

async function main() {
  const store = getPostgreSQLEventStore(url);
  await store.schema.migrate();
  let number = 0;
  const append = (some) => store.appendToStream(`event-${++number}`, some);
  await append(events.slice(0, 1));

  const alone = [];
  for (const event of events.slice(0, ALONE)) {
    const start = performance.now();
    await append([event]);
    alone.push(performance.now() - start);
  }
  const writers = await perSecond(events.length, () => {
    const rest = events.values();
    return Promise.all(Array.from({ length: WRITERS }, async () => {
      for (const event of rest) await append([event]);
    }));
  });
  const batches = await perSecond(events.length, async () => {
    for (let from = 0; from < events.length; from += BATCH) await append(events.slice(from, from + BATCH));
  });
  await store.close();

  const client = new Client(url);
  await client.connect();
  await client.query("create table rows_made (position bigint primary key, title text not null, content text not null)");
  const { rows: [{ count }] } = await client.query("select count(*)::int as count from emt_messages");
  const rebuild = await perSecond(count, rebuildAll);
  const { rows: [{ made }] } = await client.query("select count(*)::int as made from rows_made");
  await client.end();
  process.stdout.write(JSON.stringify({ alone, writers, batches, rebuild, events: count, made }));
}

async function rebuildAll() {
  const projection = postgreSQLRawSQLProjection({
    name: "rows",
    canHandle: ["Recorded"],
    evolve: ({ data, metadata }) =>
      SQL`insert into rows_made values (${metadata.globalPosition}, ${data.title}, ${JSON.stringify(data)})`,
  });
  const consumer = rebuildPostgreSQLProjections({ connectionString: url, projections: [projection] });
  await consumer.start();
  await consumer.close();
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
