-- Leads, and activities that came before theirs.

local leads = {}                     -- by number in the chunk: as text until one is looked at
local changed_leads, is_changed = {}, {} -- numbers, each once
local held, changed_held = {}, {}    -- by lead id
local owned_before, owned_now = {}, {} -- by number: the rep for whom a lead counts; now: of leads as text

local CLOSING = { converted = true, lost = true, closed = true }
local MARK = { accepted = 'accepted', contacted = 'contacted', qualified = 'qualified' }

-- A lead is a JSON list: outcome, attempt, rep, value, test, over, since,
-- accepted, contacted, qualified, closed, then the part, offset and ordinal of the
-- last operation, the batch that holds it, its turn: book, amount, free set,
-- number of the roster; book is empty without one; the step that decided it; its
-- place in line: rank, since, reps, number of the roster; that is empty without one; and
-- its traits, see 6_traits.lua.
-- Behind a tab comes its draft.
local function lead_of(stored)
  local tab = string.find(stored, '\t', 1, true)
  local f = cjson.decode(tab and string.sub(stored, 1, tab - 1) or stored)
  return {
    outcome = f[1], attempt = f[2], rep = f[3], value = f[4], test = f[5] == 1, over = f[6] == 1,
    since = f[7], accepted = f[8], contacted = f[9], qualified = f[10], closed = f[11],
    part = f[12], offset = f[13], ordinal = f[14], batch = f[15],
    book = f[16], amount = f[17], free = f[18], roster = f[19], step = f[20],
    rank = f[21], queued = f[22], reps = f[23], line_roster = f[24], traits = f[25],
    draft = tab and string.sub(stored, tab + 1) or '',
  }
end

-- with_draft puts a lead's draft behind its list.
local function with_draft(list, draft)
  if draft == '' then return list end
  return list .. '\t' .. draft
end

local LEAD = '["%s",%d,%s,%d,%s,%s,%d,%d,%d,%d,%d,%s,%d,%d,%s,%s,%d,"%s","%s",%d,%d,%d,"%s","%s","%s"]'

local function lead_text(l)
  return with_draft(format(LEAD, l.outcome, l.attempt, quote(l.rep), l.value, l.test and '1' or '0',
    l.over and '1' or '0', l.since, l.accepted, l.contacted, l.qualified, l.closed,
    quote(l.part), l.offset, l.ordinal, quote(l.batch), quote(l.book), l.amount, l.free, l.roster, l.step,
    l.rank, l.queued, l.reps, l.line_roster, l.traits), l.draft)
end

-- new_lead is lead_text of a lead that was just decided, without a table for it;
-- number is that of its roster, words are its traits.
local NO_LINE = { rank = 0, queued = 0, reps = '', line_roster = '' }
local function new_lead(op, part, at, attempt, outcome, step, rep, over, turn, number, line, words)
  local over_ = outcome == 'disqualified'
  local draft = over_ and '' or body_of(op)
  return '["' .. outcome .. '",' .. digits[-attempt] .. ',' .. quoted[rep] .. ',' .. digits[-op.value]
    .. (op.test and ',1,' or ',0,') .. (over and '1,' or '0,') .. digits[-at] .. ',0,0,0,' .. digits[-(over_ and at or 0)]
    .. ',' .. quoted[part] .. ',' .. digits[-op.offset] .. ',' .. digits[-op.ordinal] .. ',' .. quoted[request.batch]
    .. ',' .. quoted[turn and turn.book or ''] .. ',' .. digits[-(turn and turn.amount or 0)]
    .. ',"' .. (turn and turn.free or '') .. '","' .. (turn and number or '') .. '",' .. digits[-step]
    .. ',' .. digits[-line.rank] .. ',' .. digits[-line.queued] .. ',"' .. line.reps .. '","' .. line.line_roster
    .. '","' .. words .. (draft == '' and '"]' or '"]\t') .. draft
end

-- lead_at gives a lead of the chunk; nil when it is unknown.
local function lead_at(n)
  local lead = leads[n]
  if type(lead) == 'string' then
    lead = lead_of(lead)
    leads[n] = lead
  end
  return lead or nil
end

-- set_lead puts a lead, as a table or as text, or nil into the chunk.
local function set_lead(n, lead)
  leads[n] = lead
  if not is_changed[n] then
    is_changed[n] = true
    changed_leads[#changed_leads + 1] = n
  end
end

-- read_leads reads the leads of the chunk and what waits for them.
local function read_leads()
  if #request.leads == 0 then return end
  for first = 1, #request.leads, PAGE do
    local last = math.min(first + PAGE - 1, #request.leads)
    local texts = call('MGET', unpack(KEYS, FIRST_LEAD + first, FIRST_LEAD + last))
    for i = 1, #texts do leads[first + i - 1] = texts[i] or nil end
  end
  local waiting = in_parts('HMGET', HELD, request.leads)
  for n = 1, #request.leads do
    if waiting[n] then held[request.leads[n]] = cjson.decode(waiting[n]) end
  end
end

local function counts(lead) return lead.rep ~= '' and not lead.test and lead.closed == 0 end

-- read_owners reads the reps whose counters the chunk may move.
local function read_owners()
  local wanted, seen = {}, {}
  for slot = 1, #ids do wanted[slot] = ids[slot] end
  local function want(id)
    if id ~= '' and not slots[id] and not seen[id] then
      seen[id] = true
      wanted[#wanted + 1] = id
    end
  end
  for n = 1, #request.leads do
    local lead = lead_at(n)
    if lead then
      want(lead.rep)
      owned_before[n] = counts(lead) and lead.rep or nil
    end
  end
  for i = 1, #request.reps do want(request.reps[i]) end
  if #wanted > 0 then read_reps(wanted) end
end

local function change_held(id)
  if not changed_held[id] then
    changed_held[id] = true
    changed_held[#changed_held + 1] = id
  end
end

-- A closed lead keeps its key for the time it must be known and a week more.
local function write_leads()
  local open = {}
  for i = 1, #changed_leads do
    local n = changed_leads[i]
    local lead, key = leads[n], KEYS[FIRST_LEAD + n]
    if not lead then
      call('DEL', key)
    elseif type(lead) == 'table' and lead.closed > 0 then
      call('SET', key, lead_text(lead), 'PX', whole(request.keep))
    else
      open[#open + 1] = key
      open[#open + 1] = type(lead) == 'table' and lead_text(lead) or lead
    end
  end
  for first = 1, #open, PAGE do
    call('MSET', unpack(open, first, math.min(first + PAGE - 1, #open)))
  end
end

-- write_owned follows the leads that have come to count for somebody else.
local function write_owned()
  local gone, come = {}, {}
  for i = 1, #changed_leads do
    local n = changed_leads[i]
    local lead, was, id = leads[n], owned_before[n], request.leads[n]
    local is = owned_now[n]
    if type(lead) ~= 'string' then is = lead and counts(lead) and lead.rep or nil end
    if is ~= was then
      if was then gone[#gone + 1] = was .. '\n' .. id end
      if is then come[#come + 1], come[#come + 2] = '0', is .. '\n' .. id end
    end
  end
  if #gone > 0 then in_parts('ZREM', OWNED_BY, gone) end
  if #come > 0 then in_parts('ZADD', OWNED_BY, come) end
end

-- owns_all says whether the leads of the chunk are just those of the rep who gives back,
-- or the first of them.
local function owns_all()
  local rep = request.gives
  if rep == '' then return true end
  local ids = call('ZRANGEBYLEX', OWNED_BY, '[' .. rep .. '\n', '(' .. rep .. '\v', 'LIMIT', 0, request.most)
  for i = 1, #ids do
    if ids[i] ~= rep .. '\n' .. (request.leads[i] or '') then return false end
  end
  return #request.leads == #ids
end

-- Held activities are lists: part, offset, ordinal, verb, attempt, batch, by.
local function early_text(e)
  return '[' .. quote(e[1]) .. format(',%d,%d,', e[2], e[3]) .. quote(e[4])
    .. format(',%d,', e[5]) .. quote(e[6]) .. ',' .. quote(e[7]) .. ']'
end

local function write_held()
  for i = 1, #changed_held do
    local id, texts = changed_held[i], {}
    for k = 1, #(held[id] or {}) do texts[k] = early_text(held[id][k]) end
    if #texts == 0 then
      call('HDEL', HELD, id)
    else
      call('HSET', HELD, id, '[' .. concat(texts, ',') .. ']')
    end
  end
end

-- busy says whether a lead is in the hands of another batch, or of another
-- partition's operation in this one.
local function busy(op)
  local part, offset, batch
  local lead, early = lead_at(op.lead), held[op.id]
  if lead then
    part, offset, batch = lead.part, lead.offset, lead.batch
  elseif early then
    part, offset, batch = early[#early][1], early[#early][2], early[#early][6]
  else
    return false
  end
  local ours = batch == request.batch and part == request.parts[op.part]
  return batch ~= '' and not ours and offset >= position(part)
end

-- hinders says whether a move has to come again, as ledger.Model.
local function hinders(op)
  local lead = op.kind == 'move' and lead_at(op.lead)
  if not lead then return false end
  if lead.batch ~= '' and lead.offset >= position(lead.part) then return true end
  local fence, as_seen, planned = op.list[9] == 1, lead.attempt == op.list[8], #op.list > 16
  return lead.closed == 0 and (not as_seen and not fence or as_seen and not planned)
end

-- forget drops a lead that was closed long ago.
local function forget(op, at)
  if op.kind == 'move' or op.kind == 'expire' then return end
  local lead = lead_at(op.lead)
  if lead and lead.closed > 0 and at > lead.closed + request.dedupe then
    leads[op.lead] = nil
  end
end

-- claim puts the lead of an operation into the hands of this batch.
local function claim(op, part)
  if request.batch == '' then return end
  local lead, early = lead_at(op.lead), held[op.id]
  if lead and lead.part == part and lead.offset == op.offset and lead.ordinal == op.ordinal then
    lead.batch = request.batch
    set_lead(op.lead, lead)
  end
  for i = 1, early and #early or 0 do
    local e = early[i]
    if e[1] == part and e[2] == op.offset and e[3] == op.ordinal then
      e[6] = request.batch
      change_held(op.id)
    end
  end
end

-- respond lets an activity change a lead and says what that was, as ledger.Model.
local function respond(lead, verb, attempt, by, at)
  local stranger = by ~= '' and lead.rep ~= '' and by ~= lead.rep and (MARK[verb] or verb == 'rejected')
  if stranger or attempt ~= 0 and attempt ~= lead.attempt then return 'fenced' end
  if (verb == 'reopened') ~= (lead.closed > 0) then return 'ignored' end
  if verb == 'reopened' then
    lead.closed = 0
    return 'reowned'
  elseif CLOSING[verb] then
    lead.closed, lead.draft = at, ''
    return 'freed'
  end
  local mark = MARK[verb]
  if mark and lead[mark] == 0 then lead[mark] = at end
  return 'noted'
end

-- happened is respond, with what it means for the owner's counters.
local function happened(lead, verb, attempt, by, at)
  local before_ = counts(lead)
  local effect = respond(lead, verb, attempt, by, at)
  if before_ ~= counts(lead) then hold(lead, before_ and -1 or 1, at) end
  return effect
end
