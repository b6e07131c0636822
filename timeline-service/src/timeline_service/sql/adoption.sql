-- A projection that is to go on in another cluster, into which its log was put back.

-- name: readable
-- $1 shape: the generations whose tables this code knows.
select n from timeline.generations where ready and shape = $1 order by n;

-- name: cluster
select max(cluster_id) from {schema}.checkpoints;

-- name: adopt
-- $1 the cluster. One that was made from an archive names none, and finds it by itself.
update {schema}.checkpoints set cluster_id = $1, epoch = epoch + 1, owner = '', stopped = null
where cluster_id not in ('', $1);
