-- Tells which server this is and what its namespace is bound to.
--
-- KEYS  1 meta
--
-- Returns { run, replid, maxmemory policy, microseconds, meta as a flat list }; the
-- first three are empty on the embedded Redis, which refuses these sections.
local function section(name, pattern)
  local info = redis.pcall('INFO', name)
  if type(info) == 'table' then
    if string.find(info.err, 'is not supported', 1, true) then return '' end
    return info
  end
  return string.match(info, pattern)
end

local found = {
  section('server', 'run_id:(%w+)'),
  section('replication', 'master_replid:(%w+)'),
  section('memory', 'maxmemory_policy:([%w-]+)'),
}
for i = 1, 3 do
  if type(found[i]) == 'table' then return found[i] end
end
local time = redis.call('TIME')
found[4] = time[1] .. string.format('%06d', tonumber(time[2]))
found[5] = redis.call('HGETALL', KEYS[1])
return found
