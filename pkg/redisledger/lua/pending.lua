-- Lists the memos of a partition.
--
-- KEYS  1 meta, 2 the memo list
-- ARGV  1 epoch, 2 generation, 3 replid, 4 run
--
-- Returns { 'epoch' }, or { 'ok', memo ... } in order.
if not known(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]) then return { 'epoch' } end
local memos = redis.call('LRANGE', KEYS[2], 0, -1)
table.insert(memos, 1, 'ok')
return memos
