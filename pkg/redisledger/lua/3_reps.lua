-- Reps: presence, counters, caps.

local AVAILABLE, AWAY, LEFT = 0, 1, 2
local PRESENCE_OF = { available = AVAILABLE, away = AWAY, left = LEFT }
local PRESENCE, UNTIL, OPEN, VALUE, OVER, HOUR, DAY, WEEK, LAST = 1, 2, 3, 4, 5, 6, 8, 10, 12

local reps = {}  -- by id
local dirty = {} -- ids of changed reps, each once
local views = {} -- the terms of each roster of the request, by slot
local slots = {} -- slot of a rep, by id
local ids = {}   -- the reverse
local last = {}  -- sequence of a rep's last assignment, by slot

local function read_reps(wanted)
  local decoded = decode_all(in_parts('HMGET', REPS, wanted))
  for i = 1, #wanted do
    local id = wanted[i]
    reps[id] = decoded[i] or { AVAILABLE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
    if slots[id] then last[slots[id]] = reps[id][LAST] end
  end
end

local function rep_of(id)
  if not reps[id] then read_reps({ id }) end
  return reps[id]
end

local function present(rep, at)
  local presence = rep[PRESENCE]
  if presence == AVAILABLE then return true end
  return presence == AWAY and rep[UNTIL] > 0 and at >= rep[UNTIL]
end

-- windows are the hour, day and week of a rep's own time. They are asked for
-- again and again for the same instant.
local asked_at, asked_offset, hour_, day_, week_
local function windows(at, offset)
  if at ~= asked_at or offset ~= asked_offset then
    local seconds = floor(at / 1000) + offset
    asked_at, asked_offset = at, offset
    hour_, day_ = floor(seconds / 3600), floor(seconds / 86400)
    week_ = floor((day_ + 3) / 7)
  end
  return hour_, day_, week_
end

-- counted is what a stored window says of window id; a later one is not left.
local function counted(rep, window, id)
  if id > rep[window] then return 0 end
  return rep[window + 1]
end

local function count(rep, window, id)
  if id > rep[window] then
    rep[window] = id
    rep[window + 1] = 0
  end
  rep[window + 1] = rep[window + 1] + 1
end

local function uncount(rep, window, id)
  if id == rep[window] and rep[window + 1] > 0 then rep[window + 1] = rep[window + 1] - 1 end
end

-- terms: rep, weight, offset, then the caps.
local T_REP, T_WEIGHT, T_OFFSET, T_OPEN, T_VALUE, T_HOUR, T_DAY, T_WEEK = 1, 2, 3, 4, 5, 6, 7, 8

-- room says how much value the caps of a rep leave for one more lead: -1 none,
-- huge when no cap is on value. ahead, if given, are places that are promised.
local function room(rep, terms, at, ahead)
  local open, value = terms[T_OPEN], terms[T_VALUE]
  ahead = ahead or 0
  if open > 0 and rep[OPEN] + ahead >= open then return -1 end
  local per_hour, per_day, per_week = terms[T_HOUR], terms[T_DAY], terms[T_WEEK]
  if per_hour + per_day + per_week > 0 then
    local hour, day, week = windows(at, terms[T_OFFSET])
    if per_hour > 0 and counted(rep, HOUR, hour) + ahead >= per_hour then return -1 end
    if per_day > 0 and counted(rep, DAY, day) + ahead >= per_day then return -1 end
    if per_week > 0 and counted(rep, WEEK, week) + ahead >= per_week then return -1 end
  end
  if value == 0 then return math.huge end
  return value - rep[VALUE]
end

-- points is floor(n * 10000 / limit) in two steps that stay below 2^53.
local function points(n, limit)
  if limit == 0 then return 0 end
  local whole_times = floor(n / limit)
  return whole_times * 10000 + floor((n - whole_times * limit) * 10000 / limit)
end

-- fullness of the fullest cap, in basis points.
local function fullness(rep, terms, at)
  local hour, day, week = windows(at, terms[T_OFFSET])
  return math.max(points(rep[OPEN], terms[T_OPEN]), points(rep[VALUE], terms[T_VALUE]),
    points(counted(rep, HOUR, hour), terms[T_HOUR]), points(counted(rep, DAY, day), terms[T_DAY]),
    points(counted(rep, WEEK, week), terms[T_WEEK]))
end

-- refresh works out anew whom a view has room for, and until when that holds if
-- nothing but time passes: the next hour of somebody, or an end of absence.
local function refresh(view, at)
  local wake = math.huge
  for slot, terms in pairs(view.terms) do -- the order does not matter
    local rep = reps[terms[T_REP]]
    if present(rep, at) then
      view.room[slot] = room(rep, terms, at)
    else
      view.room[slot] = -1
      if rep[PRESENCE] == AWAY and rep[UNTIL] > 0 then wake = math.min(wake, rep[UNTIL]) end
    end
    local hour = windows(at, terms[T_OFFSET])
    wake = math.min(wake, ((hour + 1) * 3600 - terms[T_OFFSET]) * 1000)
  end
  view.at, view.wake, view.changes = at, wake, view.changes + 1
end

-- touch marks a rep as changed, in every view that has an opinion on it.
local function touch(id, at)
  local slot = slots[id]
  for i = 1, #views do
    local terms = slot and views[i].terms[slot]
    if terms then
      local rep, view = reps[id], views[i]
      local left = present(rep, at) and room(rep, terms, at) or -1
      if left ~= view.room[slot] then
        view.room[slot], view.changes = left, view.changes + 1
      end
      if rep[PRESENCE] == AWAY and rep[UNTIL] > 0 then
        view.wake = math.min(view.wake, rep[UNTIL])
      end
    end
  end
  if not dirty[id] then
    dirty[id] = true
    dirty[#dirty + 1] = id
  end
end

-- hold counts a lead for its owner; sign -1 stops counting it.
local function hold(lead, sign, at)
  local rep = rep_of(lead.rep)
  rep[OPEN] = rep[OPEN] + sign
  rep[VALUE] = rep[VALUE] + sign * lead.value
  if lead.over then rep[OVER] = rep[OVER] + sign end
  touch(lead.rep, at)
end

local REP = '[%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d]'

local function write_reps()
  local pairs_ = {}
  for i = 1, #dirty do
    pairs_[2 * i - 1] = dirty[i]
    pairs_[2 * i] = format(REP, unpack(reps[dirty[i]]))
  end
  if #pairs_ > 0 then in_parts('HSET', REPS, pairs_) end
end
