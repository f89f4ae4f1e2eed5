-- The chunk.

local tails, blocked = {}, {}

local function read_clock()
  local stored = call('HMGET', CLOCK, 'sequence', 'at')
  sequence, clock = tonumber(stored[1] or 0), tonumber(stored[2] or 0)
end

local function read_tails()
  for p = 1, #request.parts do tails[p] = tail_of(p) end
  for i = 1, #request.acks do acknowledge(tails[request.acks[i][1]], request.acks[i][2]) end
  local first = call('ZRANGE', FLOORS, 0, 0, 'WITHSCORES')
  lowest = whole(tonumber(first[2] or sequence + 1))
end

-- apply does an operation for the first time.
local function apply(op, tail, next_memo)
  local at = math.max(clock, op.at)
  if op.lead > 0 then
    local refused = (busy(op) or hinders(op)) and 'b' or bearers.outdated(op, at) and 'o'
    if refused then
      blocked[op.part] = true
      return refused
    end
  end
  if op.lead > 0 then forget(op, at) end
  sequence, clock = sequence + 1, at
  op.passed_over = next_memo ~= nil
  local grant, image, installs = DO[op.kind](op, tail.part, at)
  if op.kind ~= 'assign' then
    local offers = offer_after(op, at)
    if offers ~= '' then grant = string.sub(grant, 1, -2) .. offers .. '}' end
    if op.lead > 0 then bearers.restate(op) end
  end
  if op.leaves then dequeue(op.id, op.leaves) end
  if op.enters then enqueue(op.id, op.enters) end
  remember(tail, op, next_memo, sequence, installs, grant, image)
  if installs then grant = 'i' .. grant end
  local tab = op.lead > 0 and string.find(image, '\t', 1, true)
  return tab and 'l' .. string.sub(image, tab + 1) .. '\n' .. grant or grant
end

-- void takes the operation of a memo back; the memo becomes that of the void.
local function void(op, tail, memo, place)
  local parts = memo_parts(memo)
  if parts.undone ~= '' then return 'r' .. memo end
  sequence, clock = sequence + 1, math.max(clock, op.at)
  local undone = undo(op, tail.part, parts, clock)
  if op.lead > 0 then bearers.restate(op) end
  local grant = grant_text('voided', text('lead', undone.lead or '') .. text('rep', undone.rep or ''))
  memo = memo_text(op, parts.low, parts.installs, grant, parts.grant, parts.image, parts.digest)
  tail.replace = { place - 1, memo }
  return 'v' .. memo
end

-- operation names what every operation has; the rest of the list depends on kind. One
-- table serves them all: one of its own for each would cost as much as a rotation.
local current = {
  index = 0, list = false, kind = '', part = 0, offset = 0, ordinal = 0, at = 0, lead = 0, id = '',
  value = 0, test = false, passed_over = false, rep = '', verb = '', attempt = 0,
  effect = '', freed = '', got = '', known = false, leaves = false, enters = false, stays = false, given = false,
  rank = 0, since = 0, queues = false, wakes = false, traits = '', pins = false,
}
local function operation(i)
  local op, list = current, request.ops[i]
  op.index, op.list, op.kind, op.part, op.offset, op.ordinal = i, list, list[1], list[2], list[3], list[4]
  op.at, op.lead, op.id = list[5], list[6], request.leads[list[6]] or ''
  op.effect, op.freed, op.got, op.known, op.leaves, op.enters, op.given, op.wakes = '', '', '', false, false, false, false, false
  op.traits, op.pins = '', false
  return op
end

local function answer(op)
  local tail = tails[op.part]
  if blocked[op.part] then return 'b' end
  if op.offset < position(tail.part) then return 'd' end
  local memo, place = recall(tail, op)
  if op.kind == 'void' then
    return memo and void(op, tail, memo, place) or 'd'
  end
  if memo then
    if op.lead > 0 then claim(op, tail.part) end
    return 'r' .. memo
  end
  return apply(op, tail, place)
end

local function main()
  if not known(META, request.epoch, request.generation, request.replid, request.run) then return { 'epoch' } end
  read_clock()
  if sequence < request.seen then return { 'epoch' } end
  if not owns_all() then return { 'owned' } end
  local missing = read_views()
  if missing then return { 'roster', missing } end
  read_tails()
  read_leads()
  bearers.read()
  read_owners()
  read_books()
  local answers, from = { 'ok' }, sequence
  for i = 1, #request.ops do
    answers[i + 1] = answer(operation(i))
  end
  if sequence > from then call('HSET', CLOCK, 'sequence', whole(sequence), 'at', whole(clock)) end
  write_reps()
  write_books()
  write_changed_books()
  write_owned()
  write_leads()
  bearers.write()
  write_held()
  write_tails(tails)
  return answers
end

return main()
