-- The waiting line: leads by the reps they wait for, and offers of what came free. It is
-- written at once: nothing after it can fail.

-- places lists the positions in a bitmap.
local function places(bitmap)
  local list = {}
  for digit = 1, #bitmap do
    local value = tonumber(string.sub(bitmap, digit, digit), 16)
    for bit = 0, 3 do
      if value % 2 == 1 then list[#list + 1] = 4 * (digit - 1) + bit end
      value = floor(value / 2)
    end
  end
  return list
end

local enqueue, dequeue, offer_after, unoffer

do
local MAX_RANK, MAX_HOPS, PAGE_OF_LINE = 999999999999999, 8, 16

local function waits(lead) return lead.outcome == 'waiting' and lead.closed == 0 and lead.line_roster ~= '' end

local function place(rep, lead, id)
  return format('%s\n%015d\n%015d\n%s\n%d', rep, MAX_RANK - lead.rank, lead.queued, id, lead.attempt)
end

local heads = {} -- by rep, while nobody comes in before: all up to there have an offer

-- places_of lists where a lead stands, in the line of all and for each rep that it waits for.
local function places_of(id, lead)
  local fields = places(lead.reps)
  for i = 1, #fields do fields[i] = lead.line_roster .. '/' .. whole(fields[i]) end
  local list = decode_all(in_parts('HMGET', ROSTERS, fields))
  for i = 1, #list do list[i] = place(list[i][T_REP], lead, id) end
  list[#list + 1] = place('', lead, id)
  return list
end

function enqueue(id, lead)
  if not waits(lead) then return end
  heads = {}
  local args = {}
  for _, member in ipairs(places_of(id, lead)) do
    args[#args + 1], args[#args + 2] = '0', member
  end
  in_parts('ZADD', LINE, args)
end

function dequeue(id, lead)
  if waits(lead) then in_parts('ZREM', LINE, places_of(id, lead)) end
end

-- first finds the first in line for a rep, behind a place if one is given, that has no
-- offer yet.
local function first(rep, behind)
  local from, page = behind and '(' .. behind or heads[rep] or '[' .. rep .. '\n', PAGE_OF_LINE
  while true do
    local found = call('ZRANGEBYLEX', LINE, from, '(' .. rep .. '\v', 'LIMIT', '0', whole(page))
    for i = 1, #found do
      local rank, since, id, attempt = string.match(found[i], '^[^\n]*\n(%d+)\n(%d+)\n([^\n]*)\n(%d+)$')
      if call('HEXISTS', OFFERS, id) == 0 then
        if not behind and i > 1 then heads[rep] = '(' .. found[i - 1] end
        return { lead = id, attempt = tonumber(attempt), rep = rep, drain = false, hops = 0,
          rank = MAX_RANK - tonumber(rank), since = tonumber(since) }
      end
    end
    if #found < page then return nil end
    from, page = '(' .. found[#found], math.min(4 * page, PAGE)
    if not behind then heads[rep] = from end
  end
end

local function offer_text(name, o)
  if not o then return '' end
  return ',"' .. name .. '":{"lead":' .. quote(o.lead) .. ',"attempt":' .. whole(o.attempt) .. (o.rep ~= '' and ',"rep":' .. quote(o.rep) or '')
    .. (o.drain and ',"drain":true' or '') .. (o.hops > 0 and ',"hops":' .. whole(o.hops) or '')
    .. (o.rank > 0 and ',"rank":' .. whole(o.rank) or '') .. (o.since > 0 and ',"since":' .. whole(o.since) or '') .. '}'
end

local function offer_of(id, stored)
  local f = cjson.decode(stored)
  return { lead = id, attempt = f[1], rep = f[2], drain = f[3] == 1, hops = f[4], rank = f[5], since = f[6] }
end

-- promise notes an offer for those who come behind.
local function promise(o)
  local rank, since = o.rank or 0, o.since or 0
  local of = promises[o.rep] or { by = {}, count = 0, drains = 0, rank = rank, since = since }
  promises[o.rep] = of
  local was = of.by[o.lead]
  if not was then promised, of.count = promised + 1, of.count + 1 end
  of.drains = of.drains + (o.drain and 1 or 0) - (was and was[3] and 1 or 0)
  of.by[o.lead] = { rank, since, o.drain }
  if rank < of.rank or rank == of.rank and since > of.since then of.rank, of.since = rank, since end
end

-- read_offers reads what is on offer: mostly nothing.
function read_offers()
  promised = 0
  if call('HLEN', OFFERS) == 0 then return end
  local all = call('HGETALL', OFFERS)
  for i = 1, #all, 2 do promise(offer_of(all[i], all[i + 1])) end
end

local function keep(o)
  call('HSET', OFFERS, o.lead, '[' .. whole(o.attempt) .. ',' .. quote(o.rep) .. (o.drain and ',1,' or ',0,')
    .. format('%d,%d,%d]', o.hops or 0, o.rank or 0, o.since or 0))
  if promised >= 0 then promise(o) end
end

local function drop(o)
  call('HDEL', OFFERS, o.lead)
  heads = {}
  local of = promises[o.rep]
  local was = of and of.by[o.lead]
  if was then
    of.by[o.lead] = nil
    promised, of.count, of.drains = promised - 1, of.count - 1, of.drains - (was[3] and 1 or 0)
  end
end

-- kept is the offer that a lead has.
local function kept(id)
  local stored = call('HGET', OFFERS, id)
  return stored and offer_of(id, stored) or nil
end

-- pass offers a place to the next behind the lead that did not take it.
local function pass(op, known, taken)
  local behind = known and waits(known) and known.attempt == taken.attempt and place(taken.rep, known, op.id) or nil
  local o = first(taken.rep, behind)
  if o then o.drain, o.hops = taken.drain, taken.hops + 1 end
  return o
end

-- next_offer says who is asked next, as ledger.Model.
local function next_offer(op, taken, at)
  if op.freed ~= '' and present(rep_of(op.freed), at) then
    local o = first(op.freed)
    if o then o.drain = op.effect == 'present' end
    return o
  end
  if not taken then
    local known = op.known
    return op.wakes and first('', known and waits(known) and place('', known, op.id) or nil) or nil
  end
  if taken.rep == '' then
    return first('', place('', { rank = taken.rank, queued = taken.since, attempt = taken.attempt }, op.id))
  end
  if not present(rep_of(taken.rep), at) then return nil end
  if op.effect == 'owned' and op.got == taken.rep then
    local o = taken.drain and first(taken.rep) or nil
    if o then o.drain = true end
    return o
  end
  if taken.drain and op.effect == 'ignored' or taken.hops == MAX_HOPS then return nil end
  return pass(op, op.known, taken)
end

-- offer_after takes the offer that an operation has answered, makes the next one, and
-- tells both.
function offer_after(op, at)
  local taken = op.kind == 'move' and op.effect ~= 'fenced' and kept(op.id) or nil
  local o = next_offer(op, taken, at)
  if taken then drop(taken) end
  if o then keep(o) end
  return offer_text('offer', o) .. offer_text('taken', taken)
end

-- unoffer takes back what a grant has offered and answered.
function unoffer(grant)
  local o = grant.offer
  if o then
    local now = kept(o.lead)
    if now and now.attempt == o.attempt and now.rep == (o.rep or '') and now.drain == (o.drain == true) and now.hops == (o.hops or 0) then
      drop(now)
    end
  end
  if grant.taken then
    grant.taken.rep = grant.taken.rep or ''
    keep(grant.taken)
  end
end
end
