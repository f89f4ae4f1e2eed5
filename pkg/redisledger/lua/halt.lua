-- Makes a ledger stand still: no caller knows the one in meta any more, until a flip.
--
-- KEYS  1 meta
-- ARGV  1 the generation that stands for nothing, 2 what run says of a standstill,
--       3 schema, 4 cluster, 5 prefix
--
-- Returns { epoch, generation } of the ledger that was in force before any standstill;
-- 0 and empty if there was none.
local found = redis.call('HMGET', KEYS[1], 'epoch', 'generation', 'former')
local epoch, former = found[1] or '0', found[3] or found[2] or ''
redis.call('HSET', KEYS[1], 'epoch', epoch, 'generation', ARGV[1], 'former', former,
  'replid', '', 'run', ARGV[2], 'schema', ARGV[3], 'cluster', ARGV[4], 'prefix', ARGV[5])
return { epoch, former }
