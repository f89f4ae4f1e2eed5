-- Turns: rosters, credit, and the pick.

local sets = {}   -- members of each set, as slots
local books = {}  -- credit by slot, of each of request.books
local opening = {} -- the same, as it was read

-- read_set turns bytes into slots.
local function read_set(n)
  local bytes, width = ARGV[1 + n], request.width
  local set = {}
  for first = 1, #bytes, PART do
    local part = { string.byte(bytes, first, math.min(first + PART - 1, #bytes)) }
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

-- read_views finds the terms of the reps in use. It returns the index of a
-- roster that is neither installed nor sent along.
local function read_views()
  for n = 1, #request.rosters do
    local asked = request.rosters[n]
    local view = { asked = asked, terms = {}, room = {}, place = {}, wake = 0 }
    view.number = call('HGET', ROSTERS, asked.digest)
    local terms = {}
    if view.number then
      local fields = {}
      for i = 1, #asked.positions do
        fields[i] = view.number .. '/' .. whole(asked.positions[i])
      end
      terms = decode_all(in_parts('HMGET', ROSTERS, fields))
    elseif #asked.install == 0 then
      return n
    else
      for i = 1, #asked.positions do terms[i] = asked.install[asked.positions[i] + 1] end
    end
    for i = 1, #terms do
      local slot = asked.slots[i]
      view.terms[slot], view.place[slot] = terms[i], asked.positions[i]
      slots[terms[i][T_REP]] = slot
    end
    views[n] = view
  end
end

-- install keeps a roster that was sent along, with the first grant that uses it.
local function install(view)
  if view.number then return false end
  local number = whole(call('HINCRBY', ROSTERS, '#', 1))
  view.number = number
  local fields = { view.asked.digest, number }
  for i = 1, #view.asked.install do
    local t = view.asked.install[i]
    fields[2 * i + 1] = number .. '/' .. whole(i - 1)
    fields[2 * i + 2] = '[' .. quote(t[T_REP]) .. format(',%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f]', unpack(t, 2))
  end
  in_parts('HSET', ROSTERS, fields)
  return true
end

local function credit_field(book, rep) return book .. '\n' .. rep end

local function rep_in(slot)
  for i = 1, #views do
    local terms = views[i].terms[slot]
    if terms then return terms[T_REP] end
  end
end

local function read_books()
  for b = 1, #request.books do
    local book, fields = request.books[b], {}
    for i = 1, #book.slots do fields[i] = credit_field(book.name, rep_in(book.slots[i])) end
    local credits = in_parts('HMGET', CREDIT, fields)
    books[b], opening[b] = {}, {}
    for i = 1, #book.slots do
      local credit = tonumber(credits[i] or nil)
      books[b][book.slots[i]], opening[b][book.slots[i]] = credit, credit
    end
  end
end

local function write_books()
  local fields = {}
  for b = 1, #request.books do
    local book = request.books[b]
    for i = 1, #book.slots do
      local slot = book.slots[i]
      if books[b][slot] ~= opening[b][slot] then
        fields[#fields + 1] = credit_field(book.name, rep_in(slot))
        fields[#fields + 1] = whole(books[b][slot])
      end
    end
  end
  if #fields > 0 then in_parts('HSET', CREDIT, fields) end
end

-- free_of lists who of a set can take a lead of a value, in the order of the set,
-- and the places in the roster of those who cannot.
local function free_of(view, step, value, at)
  if at >= view.wake or at < (view.at or 0) then refresh(view, at) end
  local set, room_for, free, n, gone = sets[step.set], view.room, {}, 0, {}
  if step.lift then
    for i = 1, #set do
      local slot = set[i]
      if present(reps[view.terms[slot][T_REP]], at) then
        n = n + 1
        free[n] = slot
      else
        gone[#gone + 1] = view.place[slot]
      end
    end
    return free, n, gone
  end
  for i = 1, #set do
    local slot = set[i]
    if value <= room_for[slot] then
      n = n + 1
      free[n] = slot
    else
      gone[#gone + 1] = view.place[slot]
    end
  end
  return free, n, gone
end

-- strike takes places, which ascend, out of a bitmap.
local function strike(bitmap, gone)
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

-- quotas prepares a split by largest remainder, as ledger.Split: per weight the
-- floor and the remainder; cut is the remainder above which everybody gets one
-- more, and at which the first `ties` do.
local function quotas(list, n, weight_of, amount)
  local total, count_of, order = 0, {}, {}
  for i = 1, n do
    local w = weight_of(list[i])
    if not count_of[w] then
      count_of[w] = 0
      order[#order + 1] = w
    end
    count_of[w] = count_of[w] + 1
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

-- split shares amount out over a list and calls give(item, share) in its order.
local function split(list, weight_of, amount, give)
  local base, rest, cut, ties = quotas(list, #list, weight_of, amount)
  for i = 1, #list do
    local w = weight_of(list[i])
    local share = base[w]
    if rest[w] > cut then
      share = share + 1
    elseif rest[w] == cut and ties > 0 then
      share, ties = share + 1, ties - 1
    end
    give(list[i], share)
  end
end

-- longer says whether one rep was last assigned before another.
local function longer(view, a, b)
  return reps[view.terms[a][T_REP]][LAST] < reps[view.terms[b][T_REP]][LAST]
end

-- rotate_alike is a turn of reps of one weight: the first `left` of them earn one
-- more than the rest. It gives the slot that won, and what that one earned.
local function rotate_alike(view, free, n, amount, credit)
  local share = floor(amount / n)
  local left = amount - share * n
  local best, top, earned = nil, -math.huge, nil
  for i = 1, n do
    local slot = free[i]
    local now = (credit[slot] or 0) + share
    if i <= left then now = now + 1 end
    credit[slot] = now
    if now > top or (now == top and longer(view, slot, best)) then
      best, top, earned = slot, now, i <= left and share + 1 or share
    end
  end
  return best, earned
end

-- rotate_weighted is a turn of any reps.
local function rotate_weighted(view, free, _, amount, credit)
  local best, top, earned = nil, -math.huge, nil
  local function weight_of(slot) return view.terms[slot][T_WEIGHT] end
  split(free, weight_of, amount, function(slot, share)
    local now = (credit[slot] or 0) + share
    credit[slot] = now
    if now > top or (now == top and longer(view, slot, best)) then best, top, earned = slot, now, share end
  end)
  return best, earned
end

-- rotate lets everybody free earn a share and the largest credit pay. A test lead
-- turns a copy of the book.
local function rotate(view, op, step, free, n, gone)
  local amount = step.by_value and op.value or request.unit
  local credit = books[step.book]
  if op.test then
    credit = {}
    for i = 1, n do credit[free[i]] = books[step.book][free[i]] end
  end
  local turn = request.sets[step.set].alike and rotate_alike or rotate_weighted
  local best, earned = turn(view, free, n, amount, credit)
  if op.test then return best end
  local now = credit[best]
  credit[best] = now - amount
  return best, {
    book = request.books[step.book].name, amount = amount, free = strike(request.sets[step.set].bitmap, gone),
    before = now - earned, after = now - amount,
  }
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
        (open < best_open or (open == best_open and longer(view, slot, best)))) then
      best, best_full, best_open = slot, full, open
    end
  end
  return best
end
