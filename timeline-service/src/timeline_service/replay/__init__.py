"""Replays: the log folded again from its beginning, to verify the projection or to make another one.

The words:

- A *replay* is what was asked for, a row of the table of replays: verify, rebuild or activate (`domain.replays`).
- The *replayer* is the process that claims replays, by locks that go with its connection (`replayer`).
- An *attempt* is one go at a replay; what stops an attempt and what ends the replay is told in `outcome`.
- A *plan* is the order of the steps of a replay: `verification`, `rebuild`, and `archived_replay`, which nobody claims.
- A *step* is what can be done again, and finds what an earlier attempt has done: a module of `steps`.
  Its *phase* is the word that progress has for it.
- A *partition load* is the records of a partition below an offset, to be folded into the tables of a schema.
- A *worker* is a process that carries out partition loads, each in one transaction (`loading`).
- A *source* is where a worker has the records from: Kafka, or an *archive*, an exported log (`loading.sources`).
- The *scratch* is a schema of a replay's own, dropped when the attempt is over.

The way of a replay, and where the next attempt goes on when the replayer is killed or something goes away:

====================  ==========================  ====================================================================
what                  where                       after a crash
====================  ==========================  ====================================================================
claim                 `replayer`                  the lock is free: whoever is there next claims it
attempt, outcome      `outcome`                   begins anew, with the plan's first step
trust the log         `log`                       asked for again
**verify**            `verification`
  wait for `until`    `steps.comparison`          waited for again
  digest live tables  `adapters…snapshots`        digested again, into an empty scratch
  load the log        `steps.loading`             loaded again
  compare             `steps.comparison`          compared again
**rebuild**           `rebuild`
  begin               `steps.generation`          the generation that was begun, if by this code; else another one
  load                `steps.loading`             partitions that are loaded stay so
  index               `steps.generation`          indexes that are there stay so
  compare (past)      `steps.live_comparison`     compared again; then the generation is finished, and not shown
**rebuild, activate** `rebuild.make_live`
  catch up            `steps.catch_up`            from the generation's own checkpoints
  compare (present)   `steps.live_comparison`     compared again; the result is noted before it is acted upon
  approve             `steps.approval`            asked again
  swap                `steps.swap`                tried again; if it was done, the noted result is the replay's
  hand over           `steps.swap`                not needed: the projectors find the live generation themselves
====================  ==========================  ====================================================================

Between replayer and workers run lines of JSON (`loading.workers`, `loading.worker`). A worker lays the records of a
partition aside by event (`loading.spill`), folds them (`loading.partition_fold`), and writes rows
(`loading.row_writer`). SQL and locks are in `adapters.postgres`: claims, replays, generations, reach, scratch, loading,
snapshots, comparison.
"""
