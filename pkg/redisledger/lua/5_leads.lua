-- Leads, and activities that came before theirs.

local leads = {}                     -- by number in the chunk
local changed_leads, is_changed = {}, {} -- numbers, each once
local held, changed_held = {}, {}  -- by lead id

local CLOSING = { converted = true, lost = true, closed = true }
local MARK = { accepted = 'accepted', contacted = 'contacted', qualified = 'qualified' }

-- A lead is a JSON list: outcome, attempt, rep, value, test, over, since,
-- accepted, contacted, qualified, closed, then the part, offset and ordinal of the
-- last operation, the batch that holds it, and its turn: book, amount, free set,
-- number of the roster; book is empty without one.
local function lead_of(text)
  local f = cjson.decode(text)
  return {
    outcome = f[1], attempt = f[2], rep = f[3], value = f[4], test = f[5] == 1, over = f[6] == 1,
    since = f[7], accepted = f[8], contacted = f[9], qualified = f[10], closed = f[11],
    part = f[12], offset = f[13], ordinal = f[14], batch = f[15],
    book = f[16], amount = f[17], free = f[18], roster = f[19],
  }
end

local LEAD = '["%s",%.0f,%s,%.0f,%s,%s,%.0f,%.0f,%.0f,%.0f,%.0f,%s,%.0f,%.0f,%s,%s,%.0f,"%s","%s"]'

local function lead_text(l)
  return format(LEAD, l.outcome, l.attempt, quote(l.rep), l.value, l.test and '1' or '0', l.over and '1' or '0',
    l.since, l.accepted, l.contacted, l.qualified, l.closed,
    quote(l.part), l.offset, l.ordinal, quote(l.batch), quote(l.book), l.amount, l.free, l.roster)
end

-- read_leads reads the leads of the chunk and what waits for them.
local function read_leads()
  if #request.leads == 0 then return end
  local texts = {}
  for first = 1, #request.leads, PART do
    local last = math.min(first + PART - 1, #request.leads)
    local reply = call('MGET', unpack(KEYS, FIRST_LEAD + first, FIRST_LEAD + last))
    for i = 1, #reply do texts[first + i - 1] = reply[i] end
  end
  for n = 1, #texts do leads[n] = texts[n] and lead_of(texts[n]) or nil end
  local waiting = decode_all(in_parts('HMGET', HELD, request.leads))
  for n = 1, #waiting do held[request.leads[n]] = waiting[n] or nil end
end

-- read_owners reads the reps whose counters the chunk may move.
local function read_owners()
  local ids, seen = {}, {}
  local function want(id)
    if id ~= '' and not seen[id] then
      seen[id] = true
      ids[#ids + 1] = id
    end
  end
  for n = 1, #views do
    for i = 1, #views[n].asked.slots do want(views[n].terms[views[n].asked.slots[i]][T_REP]) end
  end
  for n = 1, #request.leads do
    if leads[n] then want(leads[n].rep) end
  end
  for i = 1, #request.reps do want(request.reps[i]) end
  if #ids > 0 then read_reps(ids) end
end

local function change_lead(n)
  if not is_changed[n] then
    is_changed[n] = true
    changed_leads[#changed_leads + 1] = n
  end
end

local function change_held(id)
  if not changed_held[id] then
    changed_held[id] = true
    changed_held[#changed_held + 1] = id
  end
end

-- A closed lead keeps its key for the time it must be known and a week more.
local function write_leads(at)
  local pairs_ = {}
  for i = 1, #changed_leads do
    local n = changed_leads[i]
    local lead, key = leads[n], KEYS[FIRST_LEAD + n]
    if not lead then
      call('DEL', key)
    elseif lead.closed > 0 then
      call('SET', key, lead_text(lead), 'PX', whole(request.keep))
    else
      pairs_[#pairs_ + 1] = key
      pairs_[#pairs_ + 1] = lead_text(lead)
    end
  end
  for first = 1, #pairs_, PART do
    call('MSET', unpack(pairs_, first, math.min(first + PART - 1, #pairs_)))
  end
end

-- Held activities are lists: part, offset, ordinal, verb, attempt, batch.
local function early_text(e)
  return '[' .. quote(e[1]) .. format(',%.0f,%.0f,', e[2], e[3]) .. quote(e[4])
    .. format(',%.0f,', e[5]) .. quote(e[6]) .. ']'
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

local function counts(lead) return lead.rep ~= '' and not lead.test and lead.closed == 0 end

-- busy says whether a lead is in the hands of another batch.
local function busy(op)
  local part, offset, batch
  local lead, early = leads[op.lead], held[op.id]
  if lead then
    part, offset, batch = lead.part, lead.offset, lead.batch
  elseif early then
    part, offset, batch = early[#early][1], early[#early][2], early[#early][6]
  else
    return false
  end
  return batch ~= '' and batch ~= request.batch and offset >= position(part)
end

-- forget drops a lead that was closed long ago.
local function forget(op, at)
  local lead = leads[op.lead]
  if lead and lead.closed > 0 and at > lead.closed + request.dedupe then
    leads[op.lead] = nil
  end
end

-- claim puts the lead of an operation into the hands of this batch.
local function claim(op, part)
  if request.batch == '' then return end
  local lead, early = leads[op.lead], held[op.id]
  if lead and lead.part == part and lead.offset == op.offset and lead.ordinal == op.ordinal then
    lead.batch = request.batch
    change_lead(op.lead)
  end
  for i = 1, early and #early or 0 do
    local e = early[i]
    if e[1] == part and e[2] == op.offset and e[3] == op.ordinal then
      e[6] = request.batch
      change_held(op.id)
    end
  end
end

-- react changes a lead by an activity and says what that was.
local function react(lead, verb, attempt, at)
  if attempt ~= 0 and attempt ~= lead.attempt then return 'fenced' end
  if (verb == 'reopened') ~= (lead.closed > 0) then return 'ignored' end
  if verb == 'reopened' then
    lead.closed = 0
    return 'reowned'
  elseif CLOSING[verb] then
    lead.closed = at
    return 'freed'
  end
  local mark = MARK[verb]
  if mark and lead[mark] == 0 then lead[mark] = at end
  return 'noted'
end

-- happened is react, with what it means for the owner's counters.
local function happened(lead, verb, attempt, at)
  local before_ = counts(lead)
  local effect = react(lead, verb, attempt, at)
  if before_ ~= counts(lead) then hold(lead, before_ and -1 or 1, at) end
  return effect
end
