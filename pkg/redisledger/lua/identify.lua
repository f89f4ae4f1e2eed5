-- Tells which server this is and what its namespace is bound to.
--
-- KEYS  1 meta
--
-- Returns { run, replid, maxmemory policy, microseconds, meta as a flat list, used memory,
-- maxmemory, replid of the master that it was copied from before }; all but the time and meta
-- are empty on the embedded Redis, which refuses these sections.
local sections, failed = {}, nil
for _, name in ipairs({ 'server', 'replication', 'memory' }) do
  local info = redis.pcall('INFO', name)
  if type(info) == 'table' then
    if not string.find(info.err, 'is not supported', 1, true) then failed = info end
    info = ''
  end
  sections[name] = info
end
if failed then return failed end

local function field(section, pattern) return string.match(sections[section], pattern) or '' end

local time = redis.call('TIME')
return {
  field('server', 'run_id:(%w+)'),
  field('replication', 'master_replid:(%w+)'),
  field('memory', 'maxmemory_policy:([%w-]+)'),
  time[1] .. string.format('%06d', tonumber(time[2])),
  redis.call('HGETALL', KEYS[1]),
  field('memory', 'used_memory:(%d+)'),
  field('memory', 'maxmemory:(%d+)'),
  field('replication', 'master_replid2:(%w+)'),
}
