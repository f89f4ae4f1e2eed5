-- Traits: who stands for a person or a company, as ledger.Model. The traits of a lead are
-- words: that of the company, or -, then those of the person; behind a bar the sketch.

local bearers = {}

do
local stands = {} -- by trait: who stands for it, false for nobody; never changed in place
local keys = {}   -- by trait
local changed_stands, is_changed_stand = {}, {} -- traits, each once
local rows = {}   -- of request.ties, by operation

local function bearer_of(stored)
  local rep, closed, lead = string.match(stored, '^([^\n]*)\n(%d+)\n(.*)$')
  return { rep = rep, closed = tonumber(closed), lead = lead }
end

local function bearer(trait)
  if stands[trait] == nil then
    local stored = call('GET', BEARERS .. trait)
    stands[trait] = stored and bearer_of(stored) or false
  end
  return stands[trait]
end

local function set(trait, b)
  stands[trait] = b
  if not is_changed_stand[trait] then
    is_changed_stand[trait] = true
    changed_stands[#changed_stands + 1] = trait
  end
end

-- list gives the traits in words, and that of the company, if there is one.
local function list(words)
  local traits, company = {}, nil
  for trait in string.gmatch(string.match(words, '^[^|]*'), '%S+') do
    if #traits == 0 and company == nil then company = trait ~= '-' and trait end
    if trait ~= '-' then traits[#traits + 1] = trait end
  end
  return traits, company
end

-- A row of request.ties is an operation, the words of its traits, whether the first is a
-- company, how many they are, then these, and in turn trait, holder and others, which are
-- leads on lines of their own.
local WORDS, OF_COMPANY, OWN, FIRST_OWN = 2, 3, 4, 5

-- read reads who stands for the traits of ties, and for companies: who has one for good
-- stays. For a person the last one stands, whoever it was before.
function bearers.read()
  local asked, traits, n = {}, {}, 0
  local function want(trait)
    if stands[trait] == nil then
      local key = BEARERS .. trait
      n = n + 1
      stands[trait], keys[trait], asked[n], traits[n] = false, key, key, trait
    end
  end
  for i = 1, #request.ties do
    local row = request.ties[i]
    rows[row[1]] = row
    if row[OF_COMPANY] == 1 then want(row[FIRST_OWN]) end
    for k = FIRST_OWN + row[OWN], #row, 3 do want(row[k]) end
  end
  for first = 1, n, PAGE do
    local stored = call('MGET', unpack(asked, first, math.min(first + PAGE - 1, n)))
    for i = 1, #stored do
      if stored[i] then stands[traits[first + i - 1]] = bearer_of(stored[i]) end
    end
  end
end

-- of gives the traits of a new lead.
function bearers.of(op)
  local row = rows[op.index]
  return row and row[WORDS] or ''
end

local function forgotten(b, at) return b.closed > 0 and at > b.closed + request.dedupe end

-- outdated says whether a plan took somebody else to stand for a trait.
function bearers.outdated(op, at)
  local row = rows[op.index]
  if not row then return false end
  for k = FIRST_OWN + row[OWN], #row, 3 do
    local b, others = stands[row[k]], row[k + 2]
    local holder = b and b.lead ~= op.id and not forgotten(b, at) and b.rep or ''
    local no_matter = b and b.lead ~= '' and others ~= '' and string.find(others, '\n' .. b.lead .. '\n', 1, true)
    if holder ~= row[k + 1] and not no_matter then return true end
  end
  return false
end

-- stand lets a lead that got an owner stand for its traits.
function bearers.stand(op, rep, pins)
  if op.traits == '' or rep == '' then return end
  local row, own, company = rows[op.index], nil, nil
  local first, last = 1, 0
  if op.kind == 'assign' then
    own, first, last = row, FIRST_OWN, FIRST_OWN + row[OWN] - 1
    company = row[OF_COMPANY] == 1 and row[FIRST_OWN]
  else
    own, company = list(op.traits)
    last = #own
  end
  local is = { rep = rep, closed = 0, lead = op.id }
  if company then
    local b = bearer(company)
    if pins then
      set(company, { rep = rep, closed = 0, lead = '' })
    elseif not b or b.lead ~= '' then
      set(company, is)
    end
    first = first + 1
  end
  for i = first, last do set(own[i], is) end
end

-- restate has a lead stand for its traits as it is by now.
function bearers.restate(op)
  local lead = lead_at(op.lead)
  if not lead or lead.traits == '' then return end
  local traits = list(lead.traits)
  for i = 1, #traits do
    local b = bearer(traits[i])
    if b and b.lead == op.id and (b.rep ~= lead.rep or b.closed ~= lead.closed) then
      set(traits[i], lead.rep ~= '' and { rep = lead.rep, closed = lead.closed, lead = op.id })
    end
  end
end

-- unstand has nobody stand for the traits of a decision that is taken back.
function bearers.unstand(op, lead, grant)
  if lead.traits == '' then return end
  local traits, company = list(lead.traits)
  for i = 1, #traits do
    local b = bearer(traits[i])
    local pinned = grant.pins and traits[i] == company and b and b.lead == '' and b.rep == grant.rep
    if pinned or b and b.lead == op.id and (grant.attempt or 1) == 1 then set(traits[i], false) end
  end
end

-- text is a member of a grant that tells traits.
function bearers.text(words)
  if words == '' then return '' end
  local traits, company = list(words)
  local sketch, quoted_ = string.match(words, '|(.*)$'), {}
  for i = company and 2 or 1, #traits do quoted_[#quoted_ + 1] = quote(traits[i]) end
  local parts = {}
  if company then parts[#parts + 1] = '"company":' .. quote(company) end
  if #quoted_ > 0 then parts[#parts + 1] = '"person":[' .. table.concat(quoted_, ',') .. ']' end
  if sketch ~= '' then parts[#parts + 1] = '"sketch":' .. quote(sketch) end
  return ',"traits":{' .. table.concat(parts, ',') .. '}'
end

-- write keeps who stands for a closed lead's traits as long as the lead.
function bearers.write()
  local open, n = {}, 0
  for i = 1, #changed_stands do
    local trait = changed_stands[i]
    local b, key = stands[trait], keys[trait] or BEARERS .. trait
    if not b then
      call('DEL', key)
    else
      b.text = b.text or b.rep .. '\n' .. whole(b.closed) .. '\n' .. b.lead
      if b.closed > 0 then
        call('SET', key, b.text, 'PX', whole(request.keep))
      else
        open[n + 1], open[n + 2], n = key, b.text, n + 2
      end
    end
  end
  for first = 1, n, PAGE do
    call('MSET', unpack(open, first, math.min(first + PAGE - 1, n)))
  end
end
end
