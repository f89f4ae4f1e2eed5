-- Applies a chunk of operations to the ledger: the transitions of ledger.Model.
-- It reads, computes, then writes; only acknowledgements are written at once,
-- because they hold whatever comes after them.
--
-- KEYS  1 meta     hash    epoch, generation, replid, run
--       2 clock    hash    sequence, at
--       3 reps     hash    rep -> [presence, until, open, open value, over,
--                          hour id, count, day id, count, week id, count, last]
--       4 credit   hash    book -> [rep, credit, rep, credit, ...]
--       5 rosters  hash    # -> how many; digest -> number;
--                          number/position -> [rep, weight, offset,
--                          open, open value, hour, day, week]
--       6 held     hash    lead -> [[part, offset, ordinal, verb, attempt, batch, by], ...]
--       7 acked    hash    part -> position
--       8 floors   zset    part -> the lowest sequence among its memos
--       9 told     set     "number part" of rosters whose content is in a grant of
--                          the partition
--       10 owned   zset    "rep \n lead" for each lead that counts, score 0
--       11 line    zset    "rep \n MaxRank - rank \n since \n lead \n attempt", all score
--                          0, for each rep that a lead waits for, and for "": all
--       12 offers  hash    lead -> [attempt, rep, drain, hops, rank, since]
--       13 bearers         the beginning of the keys of traits; each a string: rep \n
--                          closed \n lead, of who stands for it
--       14 ...     list    memos, one list for each of request.parts, ascending
--       ...        string  leads, one key for each lead of the chunk: the list, and
--                          while it is open a tab and its draft
--
-- ARGV  1          the request, JSON: see request.go
--       2 ...      the member sets: slots, one or two bytes each
--       ...        two per operation: its digest, then its body
--
-- A GRANT is the JSON of ledger.Grant, but for owned, which is what counts: there it
-- is a list of sequence, floor, epoch, at, lead, attempt, outcome, step, rep, value,
-- test, over, the turn (book or empty, amount, free, before, after), the load (open,
-- open value, hour, day, week), roster, traits, pins, and held if there is any.
--
-- A memo is six parts: "offset ordinal low installs" \n grant \n undone grant \n
-- what was before \n digest \n body; low is the lowest sequence from here on.
--
-- An image, what was before, is a lead as it is stored, or presence and until.
--
-- Returns { 'epoch' }          this is not the server, or not the ledger, that the
--                              caller knows; nothing was done
--         { 'owned' }          request.leads are not those of the rep who gives back
--         { 'roster', n }      request.rosters[n] is not installed: send it along
--         { 'ok', answer ... } one per operation:
--                    GRANT     applied; it begins with a brace or a bracket
--                    i GRANT   applied, and the content of its roster goes with it
--                    l DRAFT \n GRANT, or l DRAFT \n i GRANT
--                              applied, and this was the draft of its lead
--                    v MEMO    applied: a memo was taken back, and this it is now
--                    r MEMO    it was applied before
--                    d         it was acknowledged before
--                    b         its lead is in other hands, or its partition waits
--                    o         others have its ties by now

local request = cjson.decode(ARGV[1])
local META, CLOCK, REPS, CREDIT, ROSTERS, HELD, ACKED, FLOORS, TOLD, OWNED_BY, LINE, OFFERS, BEARERS = unpack(KEYS, 1, 13)
local FIRST_MEMO = 13
local FIRST_LEAD = FIRST_MEMO + #request.parts
local FIRST_DIGEST = #request.bitmaps -- and two for each operation before it

local call, floor, format = redis.call, math.floor, string.format

-- whole writes a number without an exponent, a fraction or a minus zero. %d does the
-- same up to 2^53, which no number here passes, in a third of the time of %.0f.
local function whole(n) return format('%d', n) end

-- remembered gives a table that works its values out when they are first asked for.
local function remembered(work_out)
  return setmetatable({}, { __index = function(known, key)
    local value = work_out(key)
    known[key] = value
    return value
  end })
end

-- digits[-n] is whole(n), for numbers that come again and again: to write one takes some ten
-- times as long as to look it up. The sign is for the Lua of the embedded server, which makes
-- room for all keys below a positive one.
local digits = remembered(function(minus) return whole(-minus) end)

-- quote writes a string as JSON. Most are plain.
local quoted = remembered(function(s)
  return string.find(s, '[%c"\\]') and cjson.encode(s) or '"' .. s .. '"'
end)
local function quote(s) return quoted[s] end

-- concat joins texts in parts: the Lua of the embedded server puts all on its stack.
local function concat(texts, separator)
  local parts = {}
  for first = 1, #texts, 1000 do
    parts[#parts + 1] = table.concat(texts, separator, first, math.min(first + 999, #texts))
  end
  return parts[2] and table.concat(parts, separator) or parts[1] or ''
end

-- in_parts gives a command its arguments in parts: unpack fails from 8,000 on.
local PAGE = 4000
local function in_parts(command, key, args)
  local replies = {}
  for first = 1, #args, PAGE do
    local last = math.min(first + PAGE - 1, #args)
    local reply = call(command, key, unpack(args, first, last))
    if type(reply) == 'table' then
      for i = 1, #reply do replies[first + i - 1] = reply[i] end
    end
  end
  return replies
end

-- decode_all reads many JSON values at once; false stays out, as false.
local function decode_all(texts)
  local present, at = {}, {}
  for i = 1, #texts do
    if texts[i] then
      present[#present + 1] = texts[i]
      at[#at + 1] = i
    end
  end
  local values = cjson.decode('[' .. concat(present, ',') .. ']')
  local result = {}
  for i = 1, #texts do result[i] = false end
  for i = 1, #at do result[at[i]] = values[i] end
  return result
end
