-- What a chunk holds alone, because it needs more than the chunk's own keys tell:
-- a rep who leaves, and an operation that is taken back.

-- precedes compares bytes; `<` on strings follows the locale of the server.
local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

local function add_credit(book, rep, amount)
  call('HINCRBY', CREDIT, credit_field(book, rep), whole(amount))
end

-- members_of_books finds who has an entry in each book of a rep, except that rep.
local function members_of_books(leaver)
  local members, balance, names = {}, {}, {}
  local all = call('HGETALL', CREDIT)
  for i = 1, #all, 2 do
    local book, rep = string.match(all[i], '^([^\n]*)\n(.*)$')
    if rep == leaver then
      balance[book] = tonumber(all[i + 1])
      names[#names + 1] = book
    elseif rep_of(rep)[PRESENCE] ~= LEFT then
      members[book] = members[book] or {}
      table.insert(members[book], rep)
    end
  end
  table.sort(names, precedes)
  return names, balance, members
end

-- settle shares the balances of a leaver over who remains in each book, alike.
local function settle(leaver)
  local names, balance, members = members_of_books(leaver)
  local texts = {}
  for i = 1, #names do
    local book = names[i]
    local amount, rest = balance[book], members[book] or {}
    table.sort(rest, precedes)
    if amount ~= 0 and #rest > 0 then
      local sign = amount < 0 and -1 or 1
      split(rest, function() return 1 end, sign * amount, function(rep, share)
        if share == 0 then return end
        add_credit(book, rep, sign * share)
        texts[#texts + 1] = '{"book":' .. quote(book) .. ',"rep":' .. quote(rep)
          .. ',"amount":' .. whole(sign * share) .. '}'
      end)
    end
    if amount == 0 or #rest > 0 then call('HDEL', CREDIT, credit_field(book, leaver)) end
  end
  if #texts == 0 then return '' end
  return ',"shares":[' .. concat(texts, ',') .. ']'
end

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

-- return_turn takes the turn of a lead out of its book.
local function return_turn(lead)
  local fields = places(lead.free)
  for i = 1, #fields do fields[i] = lead.roster .. '/' .. whole(fields[i]) end
  local free = decode_all(in_parts('HMGET', ROSTERS, fields))
  split(free, function(terms) return terms[T_WEIGHT] end, lead.amount, function(terms, share)
    add_credit(lead.book, terms[T_REP], -share)
  end)
  add_credit(lead.book, lead.rep, lead.amount)
end

-- offset_of finds how far a rep's time was from UTC by a roster.
local function offset_of(digest, rep)
  local number = call('HGET', ROSTERS, digest)
  local place = 0
  while number do
    local text = call('HGET', ROSTERS, number .. '/' .. whole(place))
    if not text then return nil end
    local terms = cjson.decode(text)
    if terms[T_REP] == rep then return terms[T_OFFSET] end
    place = place + 1
  end
end

-- undecide takes a decision back: the lead is unknown again, and what waited for
-- it waits once more.
local function undecide(op, grant)
  local lead = leads[op.lead]
  if not lead then return end
  if lead.book ~= '' then return_turn(lead) end
  if counts(lead) then hold(lead, -1, grant.at) end
  local offset = lead.rep ~= '' and not lead.test and offset_of(grant.roster, lead.rep)
  if offset then
    local rep = rep_of(lead.rep)
    local hour, day, week = windows(grant.at, offset)
    uncount(rep, HOUR, hour)
    uncount(rep, DAY, day)
    uncount(rep, WEEK, week)
    touch(lead.rep, grant.at)
  end
  leads[op.lead] = nil
  change_lead(op.lead)
  for i = 1, #(grant.held or {}) do
    local e = grant.held[i]
    local part = e.id.topic .. '/' .. whole(e.id.partition)
    held[op.id] = held[op.id] or {}
    table.insert(held[op.id], { part, e.id.offset, e.id.ordinal or 0, e.verb, e.attempt or 0, '' })
    change_held(op.id)
  end
end

-- restore puts a lead back as an activity found it, if that was the last one.
local function restore(op, part, image, at)
  local lead = leads[op.lead]
  if not lead or lead.part ~= part or lead.offset ~= op.offset or lead.ordinal ~= op.ordinal then return end
  local found = lead_of(image)
  if counts(lead) ~= counts(found) then hold(found, counts(found) and 1 or -1, at) end
  leads[op.lead] = found
  change_lead(op.lead)
end

-- release drops an activity that still waits for its lead.
local function release(op, part)
  local rest = {}
  for i = 1, #(held[op.id] or {}) do
    local e = held[op.id][i]
    if e[1] ~= part or e[2] ~= op.offset or e[3] ~= op.ordinal then rest[#rest + 1] = e end
  end
  held[op.id] = #rest > 0 and rest or nil
  change_held(op.id)
end

local PRESENCE_OF = { available = AVAILABLE, away = AWAY, left = LEFT }

-- represent takes a change of presence back, unless it was changed again.
local function represent(grant, image)
  for i = 1, #(grant.shares or {}) do
    local s = grant.shares[i]
    add_credit(s.book, s.rep, -s.amount)
    add_credit(s.book, grant.rep, s.amount)
  end
  local rep = rep_of(grant.rep)
  if rep[PRESENCE] == PRESENCE_OF[grant.verb] and rep[UNTIL] == (grant['until'] or 0) then
    local found = cjson.decode(image)
    rep[PRESENCE], rep[UNTIL] = found[1], found[2]
  end
  touch(grant.rep, grant.at)
end

-- undo takes back what a memo granted.
local function undo(op, part, memo, at)
  local grant = cjson.decode(memo.grant)
  local effect = grant.effect
  if effect == 'owned' or effect == 'ended' then
    undecide(op, grant)
  elseif effect == 'freed' or effect == 'reowned' or effect == 'noted' then
    restore(op, part, memo.image, at)
  elseif effect == 'held' then
    release(op, part)
  elseif effect == 'present' or effect == 'settled' then
    represent(grant, memo.image)
  end
  return grant
end
