-- Turns: rosters, credit, and the pick.

local sets = {}   -- members of the sets in use, as slots
local books = {}  -- credit by slot, of each of request.books
local others = {} -- of each, [rep, credit, ...] of the members without a slot
local book_numbers = {} -- of request.books, by name

-- read_set turns bytes into slots.
local function read_set(n)
  local bytes, width = ARGV[1 + n], request.width
  local set = {}
  for first = 1, #bytes, PAGE do
    local part = { string.byte(bytes, first, math.min(first + PAGE - 1, #bytes)) }
    if width == 1 and first == 1 then
      set = part
    else
      local at = (first - 1) / width
      for i = 1, #part / width do
        set[at + i] = width == 1 and part[i] or part[2 * i - 1] * 256 + part[2 * i]
      end
    end
  end
  return set
end

-- members gives a set as slots. Most plans end at one of their first steps, whose sets alone
-- are ever asked for.
local function members(n)
  if not sets[n] then sets[n] = read_set(n) end
  return sets[n]
end

-- read_views finds the terms of the reps in use. It returns the index of a roster
-- that is neither installed nor sent along, or lacks one of them.
local function read_views()
  for n = 1, #request.rosters do
    local asked = request.rosters[n]
    local view = { asked = asked, terms = {}, weight = {}, room = {}, place = {}, told = {}, wake = 0, at = 0, changes = 0, alike = true }
    view.number = call('HGET', ROSTERS, asked.digest)
    local terms = {}
    if view.number then
      local fields = {}
      for i = 1, #asked.fields do fields[i] = view.number .. asked.fields[i] end
      terms = decode_all(in_parts('HMGET', ROSTERS, fields))
    elseif #asked.install == 0 then
      return n
    else
      for i = 1, #asked.positions do terms[i] = asked.install[asked.positions[i] + 1] end
    end
    for i = 1, #asked.slots do
      local slot = asked.slots[i]
      if not terms[i] then return n end -- the digest stands for something else
      view.terms[slot], view.place[slot] = terms[i], asked.positions[i]
      view.weight[slot] = terms[i][T_WEIGHT]
      view.alike = view.alike and terms[i][T_WEIGHT] == terms[1][T_WEIGHT]
      slots[terms[i][T_REP]], ids[slot] = slot, terms[i][T_REP]
    end
    views[n] = view
  end
end

-- install keeps a roster that was sent along.
local function install(view)
  local number = whole(call('HINCRBY', ROSTERS, '#', 1))
  view.number = number
  local fields = { view.asked.digest, number }
  for i = 1, #view.asked.install do
    local t = view.asked.install[i]
    fields[2 * i + 1] = number .. '/' .. whole(i - 1)
    fields[2 * i + 2] = '[' .. quote(t[T_REP]) .. format(',%d,%d,%d,%d,%d,%d,%d]', unpack(t, 2))
  end
  in_parts('HSET', ROSTERS, fields)
end

-- tells says whether a grant carries the content of its roster, as ledger.Model.
local function tells(view, op, part)
  local fresh = not view.number
  if fresh then install(view) end
  if not view.told[part] then
    view.told[part] = true
    fresh = call('SADD', TOLD, view.number .. ' ' .. part) == 1 or fresh
  end
  return fresh or op.passed_over
end

-- read_books splits the members of each book into those with a slot, who may move,
-- and the rest.
local function read_books()
  if #request.books == 0 then return end
  local stored = decode_all(in_parts('HMGET', CREDIT, request.books))
  for b = 1, #request.books do
    local list, credit, rest = stored[b] or {}, {}, {}
    for i = 1, #list, 2 do
      local slot = slots[list[i]]
      if slot then
        credit[slot] = list[i + 1]
      else
        rest[#rest + 1], rest[#rest + 2] = list[i], list[i + 1]
      end
    end
    books[b], others[b], book_numbers[request.books[b]] = credit, rest, b
  end
end

-- book_text writes a book, many members at a time.
local ENTRIES = 1000
local function book_text(list)
  local parts = {}
  for first = 1, #list, ENTRIES do
    local last = math.min(first + ENTRIES - 1, #list)
    for i = first, last, 2 do list[i] = quote(list[i]) end
    parts[#parts + 1] = format(string.rep(',%s,%d', (last - first + 1) / 2), unpack(list, first, last))
  end
  return '[' .. string.sub(concat(parts), 2) .. ']'
end

local function write_books()
  for b = 1, #request.books do
    local list, credit = others[b], books[b]
    for slot = 1, #ids do
      if credit[slot] then list[#list + 1], list[#list + 2] = ids[slot], credit[slot] end
    end
    if #list > 0 then call('HSET', CREDIT, request.books[b], book_text(list)) end
  end
end

-- sift lists those of a set whom a test keeps, and the places of the rest.
local function sift(view, set, keeps)
  local free, n, gone = {}, 0, {}
  for i = 1, #set do
    local slot = set[i]
    local terms = view.terms[slot]
    if keeps(reps[terms[T_REP]], terms) then
      n = n + 1
      free[n] = slot
    else
      gone[#gone + 1] = view.place[slot]
    end
  end
  return free, n, gone
end

-- anybody lists who of a set has room and has not left.
local function anybody(view, step, set, value, at)
  return sift(view, set, function(rep, terms)
    return rep[PRESENCE] ~= LEFT and (step.lift or value <= room(rep, terms, at))
  end)
end

-- present_of lists who of a set is there.
local function present_of(view, set, at)
  return sift(view, set, function(rep) return present(rep, at) end)
end

-- What came free and is on offer, by rep: by lead [rank, since, drain]; how many these are, and
-- how many of them drain; and no offer is to a lead behind rank and since.
local promises, promised, read_offers = {}, -1, nil -- -1: not read yet

-- ahead_of counts the places of a rep that are on offer to leads that go before the one of
-- an operation; nil: all of them. Mostly all offers do.
local function ahead_of(op, rep)
  local of = promises[rep]
  if not of or of.count == 0 then return 0 end
  if not of.by[op.id] and (op.rank < of.rank or op.rank == of.rank and op.since >= of.since) then
    return of.drains == 0 and of.count or nil
  end
  local ahead = 0
  for lead, o in pairs(of.by) do -- the order does not matter
    if lead ~= op.id and (o[1] > op.rank or o[1] == op.rank and o[2] <= op.since) then
      if o[3] then return nil end
      ahead = ahead + 1
    end
  end
  return ahead
end

-- behind_offers is free_of for a lead that can wait, while places are on offer.
local function behind_offers(view, step, set, value, at, op)
  return sift(view, set, function(rep, terms)
    if rep[PRESENCE] == LEFT or not step.away and not present(rep, at) then return false end
    local ahead = ahead_of(op, terms[T_REP])
    return ahead ~= nil and value <= room(rep, terms, at) and 0 <= room(rep, terms, at, ahead)
  end)
end

-- roomy lists who of a set has room for a value, as sift does. Where no cap is on value it
-- holds until somebody's room changes, and is kept with the set: mostly nobody's does.
local function roomy(view, set, value)
  if set.free and set.changes == view.changes then return set.free, set.n, set.gone end
  local room_for, free, n, gone, lasts = view.room, {}, 0, {}, true
  for i = 1, #set do
    local slot = set[i]
    local left = room_for[slot]
    if value <= left then
      n = n + 1
      free[n] = slot
    else
      gone[#gone + 1] = view.place[slot]
    end
    if left ~= math.huge and left ~= -1 then lasts = false end
  end
  if lasts then set.free, set.n, set.gone, set.changes = free, n, gone, view.changes end
  return free, n, gone
end

-- free_of lists who of a set can take a lead of a value, in the order of the set,
-- and the places in the roster of those who cannot.
local function free_of(view, step, set, value, at, op)
  if op.queues and promised < 0 then read_offers() end
  if promised > 0 and op.queues and not step.lift then return behind_offers(view, step, set, value, at, op) end
  if step.away then return anybody(view, step, set, value, at) end
  if step.lift then return present_of(view, set, at) end
  if at >= view.wake or at < view.at then refresh(view, at) end
  return roomy(view, set, value)
end

-- strike takes places, which ascend, out of a bitmap.
local function strike(bitmap, gone)
  if #gone == 0 then return bitmap end
  local parts, from, i = {}, 1, 1
  while i <= #gone do
    local digit = floor(gone[i] / 4)
    local value = tonumber(string.sub(bitmap, digit + 1, digit + 1), 16)
    while i <= #gone and floor(gone[i] / 4) == digit do
      value = value - 2 ^ (gone[i] % 4)
      i = i + 1
    end
    parts[#parts + 1] = string.sub(bitmap, from, digit)
    parts[#parts + 1] = string.sub('0123456789abcdef', value + 1, value + 1)
    from = digit + 2
  end
  parts[#parts + 1] = string.sub(bitmap, from)
  return (string.gsub(concat(parts), '0+$', ''))
end

-- What only turns need stays in here: see 7_alone.lua.
local split, rotate, charge

do
-- quotas prepares a split by largest remainder, as ledger.Split: per weight the
-- floor and the remainder; cut is the remainder above which everybody gets one
-- more, and at which the first `ties` do.
local function quotas(list, n, weight, amount)
  local total, count_of, order = 0, {}, {}
  for i = 1, n do
    local w = weight[list[i]]
    local same = count_of[w]
    if not same then
      same = 0
      order[#order + 1] = w
    end
    count_of[w] = same + 1
    total = total + w
  end
  local base, rest, left = {}, {}, amount
  for i = 1, #order do
    local w = order[i]
    base[w] = floor(amount * w / total)
    rest[w] = amount * w - base[w] * total
    left = left - base[w] * count_of[w]
  end
  table.sort(order, function(a, b) return rest[a] > rest[b] end)
  local i = 1
  while i <= #order do
    local here, same = rest[order[i]], 0
    while i <= #order and rest[order[i]] == here do
      same = same + count_of[order[i]]
      i = i + 1
    end
    if same > left then return base, rest, here, left end
    left = left - same
  end
  return base, rest, -1, 0
end

-- split shares amount out over a list: the share of each.
function split(list, weight, amount)
  local base, rest, cut, ties = quotas(list, #list, weight, amount)
  local shares = {}
  for i = 1, #list do
    local w = weight[list[i]]
    shares[i] = base[w]
    if rest[w] > cut then
      shares[i] = shares[i] + 1
    elseif rest[w] == cut and ties > 0 then
      shares[i], ties = shares[i] + 1, ties - 1
    end
  end
  return shares
end

-- rotate_alike is a turn of reps of one weight: the first `left` of them earn one
-- more than the rest. It gives the slot that won, and what that one earned.
local function rotate_alike(_, free, n, amount, credit)
  local share = floor(amount / n)
  local left = amount - share * n
  for i = 1, left do credit[free[i]] = (credit[free[i]] or 0) + 1 end
  local best, top, place, since = nil, -math.huge, nil, nil
  for i = 1, n do
    local slot = free[i]
    local now = (credit[slot] or 0) + share
    credit[slot] = now
    if now >= top and (now > top or last[slot] < since) then
      best, top, place, since = slot, now, i, last[slot]
    end
  end
  return best, place <= left and share + 1 or share
end

-- rotate_weighted is a turn of any reps.
local function rotate_weighted(view, free, n, amount, credit)
  local weight = view.weight
  local base, rest, cut, ties = quotas(free, n, weight, amount)
  local best, top, earned, since = nil, -math.huge, nil, nil
  for i = 1, n do
    local slot = free[i]
    local w = weight[slot]
    local share, remainder = base[w], rest[w]
    if remainder > cut then
      share = share + 1
    elseif remainder == cut and ties > 0 then
      share, ties = share + 1, ties - 1
    end
    local now = (credit[slot] or 0) + share
    credit[slot] = now
    if now >= top and (now > top or last[slot] < since) then
      best, top, earned, since = slot, now, share, last[slot]
    end
  end
  return best, earned
end

-- rotate lets everybody free earn a share and the largest credit pay. A test lead
-- turns a copy of the book. The turn that it gives is good until the next one.
local last_turn = { book = '', amount = 0, free = '', before = 0, after = 0 }
function rotate(view, op, step, set, book, free, n, gone)
  local amount = step.by_value and op.value or request.unit
  local credit = books[book]
  if op.test then
    credit = {}
    for i = 1, n do credit[free[i]] = books[book][free[i]] end
  end
  local turn = view.alike and rotate_alike or rotate_weighted
  local best, earned = turn(view, free, n, amount, credit)
  if op.test then return best end
  local now = credit[best]
  credit[best] = now - amount
  local turned = last_turn
  turned.book, turned.amount, turned.free = request.books[book], amount, strike(request.bitmaps[set], gone)
  turned.before, turned.after = now - earned, now - amount
  return best, turned
end

-- charge lets a rep whom a person has chosen pay a turn, as ledger.Model.
local NOTHING_LIFTED = { away = false, lift = false }
function charge(view, op, step, slot, book, at)
  local among = step.among
  local free, _, gone = free_of(view, NOTHING_LIFTED, members(among), op.value, at, op)
  local list, without, found = {}, {}, false
  for i = 1, #free do
    if not found and view.place[free[i]] >= view.place[slot] then
      found = true
      if free[i] ~= slot then list[#list + 1] = slot end
    end
    list[#list + 1] = free[i]
  end
  if not found then list[#list + 1] = slot end
  for i = 1, #gone do
    if gone[i] ~= view.place[slot] then without[#without + 1] = gone[i] end
  end
  local amount, credit = step.by_value and op.value or request.unit, books[book]
  local shares, before = split(list, view.weight, amount), credit[slot] or 0
  for i = 1, #list do credit[list[i]] = (credit[list[i]] or 0) + shares[i] end
  credit[slot] = credit[slot] - amount
  local turned = last_turn
  turned.book, turned.amount, turned.free = request.books[book], amount, strike(request.bitmaps[among], without)
  turned.before, turned.after = before, credit[slot]
  return turned
end
end

-- pick_least takes the least filled, then the fewest leads, then the longest
-- without one, then the first of the set.
local function pick_least(view, free, n, at)
  local best, best_full, best_open
  for i = 1, n do
    local slot = free[i]
    local terms = view.terms[slot]
    local rep = reps[terms[T_REP]]
    local full, open = fullness(rep, terms, at), rep[OPEN]
    if not best or full < best_full or (full == best_full and
        (open < best_open or (open == best_open and last[slot] < last[best]))) then
      best, best_full, best_open = slot, full, open
    end
  end
  return best
end
