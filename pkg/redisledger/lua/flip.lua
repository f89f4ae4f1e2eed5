-- Makes a generation of keys the ledger.
--
-- KEYS  1 meta
-- ARGV  1 the epoch and 2 the generation that are to be replaced, empty for none
--       3 epoch, 4 generation, 5 replid, 6 run, 7 schema, 8 cluster, 9 prefix
--
-- Returns 1; 0 when another one came first, or when this is another server than
-- the one that the keys were written to.
local old = redis.call('HMGET', KEYS[1], 'epoch', 'generation')
if (old[1] or '') ~= ARGV[1] or (old[2] or '') ~= ARGV[2] then return 0 end
if ARGV[6] ~= '' and string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') ~= ARGV[6] then return 0 end
if ARGV[6] ~= '' and string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') ~= ARGV[5] then
  return 0
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'generation', ARGV[4], 'replid', ARGV[5], 'run', ARGV[6],
  'schema', ARGV[7], 'cluster', ARGV[8], 'prefix', ARGV[9])
redis.call('HDEL', KEYS[1], 'former') -- the standstill is over
return 1
