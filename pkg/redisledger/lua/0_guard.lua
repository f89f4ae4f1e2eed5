-- known says whether this is the ledger and the server that the caller verified:
-- the epoch in meta, and the ids that change when a server restarts (run) or a
-- replica is promoted (replid). The embedded Redis has no such INFO; there run is
-- empty.
local function known(meta, epoch, generation, replid, run)
  local found = redis.call('HMGET', meta, 'epoch', 'generation', 'replid', 'run')
  if found[1] ~= epoch or found[2] ~= generation or found[3] ~= replid or found[4] ~= run then
    return false
  end
  return run == '' or (string.find(redis.call('INFO', 'server'), 'run_id:' .. run, 1, true)
    and string.find(redis.call('INFO', 'replication'), 'master_replid:' .. replid, 1, true)) ~= nil
end

