-- What a chunk holds alone, because it needs more than the chunk's own keys tell:
-- a rep who leaves, and an operation that is taken back.

-- The blocks from here on keep what only they need to themselves: a function has no
-- more than 200 locals, and the script is one.
local add_credit, write_changed_books, settle, return_turn, undo

do
-- precedes compares bytes; `<` on strings follows the locale of the server.
local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- changed books, by name: credit by rep.
local ledgers, changed_books = {}, {}

-- book_of reads a book by its name.
local function book_of(name)
  if not ledgers[name] then
    local list, credit = cjson.decode(call('HGET', CREDIT, name) or '[]'), {}
    for i = 1, #list, 2 do credit[list[i]] = list[i + 1] end
    ledgers[name] = credit
    changed_books[#changed_books + 1] = name
  end
  return ledgers[name]
end

-- add_credit changes a balance, in the book of the chunk where it has that one open.
function add_credit(book, rep, amount)
  local b, slot = book_numbers[book], slots[rep]
  if b and not slot then
    local rest = others[b]
    for i = 1, #rest, 2 do
      if rest[i] == rep then
        rest[i + 1] = rest[i + 1] + amount
        return
      end
    end
    rest[#rest + 1], rest[#rest + 2] = rep, amount
    return
  end
  local credit, member = b and books[b] or book_of(book), b and slot or rep
  credit[member] = (credit[member] or 0) + amount
end

-- members of a book or its names, in the order of bytes.
local function in_order(map)
  local list = {}
  for name in pairs(map) do list[#list + 1] = name end
  table.sort(list, precedes)
  return list
end

function write_changed_books()
  for i = 1, #changed_books do
    local credit, list = ledgers[changed_books[i]], {}
    for _, rep in ipairs(in_order(credit)) do
      list[#list + 1], list[#list + 2] = rep, credit[rep]
    end
    if #list == 0 then
      call('HDEL', CREDIT, changed_books[i])
    else
      call('HSET', CREDIT, changed_books[i], book_text(list))
    end
  end
end

local ONE_EACH = setmetatable({}, { __index = function() return 1 end })

-- settle shares the balances of a leaver over who remains in each book, alike.
function settle(leaver)
  local names, texts = call('HKEYS', CREDIT), {}
  table.sort(names, precedes)
  for i = 1, #names do
    local credit, rest = book_of(names[i]), {}
    local amount = credit[leaver]
    for _, rep in ipairs(in_order(credit)) do
      if rep ~= leaver and rep_of(rep)[PRESENCE] ~= LEFT then rest[#rest + 1] = rep end
    end
    if amount and amount ~= 0 and #rest > 0 then
      local sign = amount < 0 and -1 or 1
      local shares = split(rest, ONE_EACH, sign * amount)
      for k = 1, #rest do
        if shares[k] ~= 0 then
          credit[rest[k]] = credit[rest[k]] + sign * shares[k]
          texts[#texts + 1] = '{"book":' .. quote(names[i]) .. ',"rep":' .. quote(rest[k])
            .. ',"amount":' .. whole(sign * shares[k]) .. '}'
        end
      end
    end
    if amount == 0 or #rest > 0 then credit[leaver] = nil end
  end
  if #texts == 0 then return '' end
  return ',"shares":[' .. concat(texts, ',') .. ']'
end

-- return_turn takes the turn of a lead out of its book; sign -1 enters it again.
function return_turn(lead, sign)
  local fields = places(lead.free)
  for i = 1, #fields do fields[i] = lead.roster .. '/' .. whole(fields[i]) end
  local free, weight = decode_all(in_parts('HMGET', ROSTERS, fields)), {}
  for i = 1, #free do weight[free[i]] = free[i][T_WEIGHT] end
  local shares = split(free, weight, lead.amount)
  for i = 1, #free do add_credit(lead.book, free[i][T_REP], -sign * shares[i]) end
  add_credit(lead.book, lead.rep, sign * lead.amount)
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

-- regive gives a lead back to the owner that a move took it from.
local function regive(op, grant, image)
  local found = lead_of(image)
  set_lead(op.lead, found)
  enqueue(op.id, found)
  if counts(found) then hold(found, 1, grant.at) end
  if grant.turn_back then return_turn(found, -1) end
end

-- await lets the activities of a grant wait for its lead once more, before what came since.
local function await(op, grant)
  for i = 1, #(grant.held or {}) do
    local e = grant.held[i]
    local part = e.id.topic .. '/' .. whole(e.id.partition)
    held[op.id] = held[op.id] or {}
    table.insert(held[op.id], i, { part, e.id.offset, e.id.ordinal or 0, e.verb, e.attempt or 0, '', e.by or '' })
    change_held(op.id)
  end
end

-- undecide takes a decision back: the lead is unknown again, and what waited for
-- it waits once more.
local function undecide(op, grant, image)
  local lead = lead_at(op.lead)
  if not lead then return end
  dequeue(op.id, lead)
  bearers.unstand(op, lead, grant)
  if lead.book ~= '' then return_turn(lead, 1) end
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
  set_lead(op.lead, nil)
  await(op, grant)
  if image ~= '' then regive(op, grant, image) end
end

-- restore puts a lead back as an activity found it, if that was the last one.
local function restore(op, part, image, at)
  local lead = lead_at(op.lead)
  if not lead or lead.part ~= part or lead.offset ~= op.offset or lead.ordinal ~= op.ordinal then return end
  local found = lead_of(image)
  if counts(lead) ~= counts(found) then hold(found, counts(found) and 1 or -1, at) end
  dequeue(op.id, lead)
  enqueue(op.id, found)
  set_lead(op.lead, found)
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

-- grant_of reads what of a grant is needed to take it back.
local function grant_of(text)
  local g = cjson.decode(text)
  if g.effect then return g end
  return { effect = 'owned', at = g[4], lead = g[5], rep = g[9], roster = g[23], pins = g[25] == 1, held = g[26] }
end

-- undo takes back what a memo granted.
function undo(op, part, memo, at)
  local grant = grant_of(memo.grant)
  local effect = grant.effect
  unoffer(grant)
  if effect == 'owned' or effect == 'ended' then
    undecide(op, grant, memo.image)
  elseif effect == 'freed' or effect == 'reowned' or effect == 'noted' or effect == 'ignored' then
    restore(op, part, memo.image, at)
  elseif effect == 'held' then
    release(op, part)
  elseif effect == 'dropped' then
    await(op, grant)
  elseif effect == 'present' or effect == 'settled' then
    represent(grant, memo.image)
  end
  return grant
end
end
