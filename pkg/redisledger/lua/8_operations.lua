-- Operations: each gives its grant as JSON, what it found and changed, and whether
-- the content of its roster goes with it.

local sequence, clock -- the last sequence, and ledger time
local lowest          -- the lowest sequence that is not acknowledged, as text
local grant_text, text
local DO -- by kind

do
-- grant_text puts what all grants have before the rest.
function grant_text(effect, rest)
  return '{"sequence":' .. whole(sequence) .. ',"floor":' .. lowest .. ',"epoch":' .. request.epoch
    .. ',"at":' .. whole(clock) .. ',"effect":"' .. effect .. '"' .. rest .. '}'
end

-- number writes a field that stays out when it is nothing.
local function number(name, n)
  if n == 0 then return '' end
  return format(',"%s":%d', name, n)
end

function text(name, s)
  if s == '' then return '' end
  return ',"' .. name .. '":' .. quote(s)
end

-- tell_held tells what waited for a lead as JSON, with what it did by now, and takes it away.
local function tell_held(op, respond_)
  local early, texts = held[op.id], {}
  for i = 1, #early do
    local e = early[i]
    texts[i] = '{"id":{' .. string.sub(text('topic', string.match(e[1], '^(.*)/')), 2)
      .. ',"partition":' .. string.match(e[1], '(%d+)$') .. ',"offset":' .. whole(e[2]) .. number('ordinal', e[3])
      .. '},"verb":' .. quote(e[4]) .. number('attempt', e[5]) .. text('by', e[7]) .. text('effect', respond_(e)) .. '}'
  end
  held[op.id] = nil
  change_held(op.id)
  return '[' .. concat(texts, ',') .. ']'
end

-- late lets what waited for a lead happen to it, and tells it.
local function late(op, at)
  if not held[op.id] then return nil end
  local lead = lead_at(op.lead)
  return tell_held(op, function(e) return happened(lead, e[4], e[5], e[7], at) end)
end

-- expire gives up what waits for a lead.
local function expire(op)
  local head = ',"lead":' .. quote(op.id)
  if not held[op.id] then return grant_text('ignored', head), '' end
  return grant_text('dropped', head .. ',"held":' .. tell_held(op, function() return '' end)), ''
end

-- choose picks one of the free reps of a step. Whom a person has chosen pays no turn for a
-- lead that stays.
local function choose(view, op, step, set, book, free, n, gone, at)
  if step.among > 0 then
    local slot, stays = free[1], op.stays
    if op.test or stays and stays.rep == ids[slot] and stays.outcome == step.outcome then return slot end
    op.given = true
    return slot, charge(view, op, step, slot, book, at)
  end
  if step.pick == 'round_robin' then return rotate(view, op, step, set, book, free, n, gone) end
  if step.pick == 'least_loaded' then return pick_least(view, free, n, at) end
  return free[1]
end

-- walk takes the first step that has a free rep, or that is an end. Steps are
-- three numbers each: shape, set, book. It gives the outcome, the place of the step,
-- the rep's terms and the turn; a table for these would cost as much as the walk.
local function walk(op, view, at, first)
  local list = op.list
  for i = first, #list, 3 do
    local step, set, book, place = request.shapes[list[i]], list[i + 1], list[i + 2], (i - first) / 3
    if step.finish ~= '' then return step.finish, place end
    local free, n, gone = free_of(view, step, members(set), op.value, at, op)
    if n > 0 then
      local slot, turn = choose(view, op, step, set, book, free, n, gone, at)
      return step.outcome, place, view.terms[slot], turn
    end
  end
end

-- own counts a new lead for its owner.
local function own(rep, terms, op, over, at)
  local hour, day, week = windows(at, terms[T_OFFSET])
  count(rep, HOUR, hour)
  count(rep, DAY, day)
  count(rep, WEEK, week)
  rep[LAST], last[slots[terms[T_REP]]] = sequence, sequence
  rep[OPEN], rep[VALUE] = rep[OPEN] + 1, rep[VALUE] + op.value
  if over then rep[OVER] = rep[OVER] + 1 end
  touch(terms[T_REP], at)
end

local NO_TURN = { book = '', amount = 0, free = '', before = 0, after = 0 }

-- owned_text is the grant of a lead that got an owner, all at once: writing is what takes
-- longest.
local function owned_text(op, view, outcome, step, terms, over, turn, waited)
  local rep = reps[terms[T_REP]]
  local hour, day, week = windows(clock, terms[T_OFFSET])
  turn = turn or NO_TURN
  return '[' .. digits[-sequence] .. ',' .. lowest .. ',' .. request.epoch .. ',' .. digits[-clock]
    .. ',' .. (request.plain and '"' .. op.id .. '"' or quoted[op.id]) .. ',1,"' .. outcome .. '",' .. digits[-step]
    .. ',' .. quoted[terms[T_REP]] .. ',' .. digits[-op.value] .. (op.test and ',1,' or ',0,') .. (over and '1,' or '0,')
    .. quoted[turn.book] .. ',' .. digits[-turn.amount] .. ',"' .. turn.free
    .. '",' .. whole(turn.before) .. ',' .. whole(turn.after) .. ',' .. digits[-rep[OPEN]] .. ',' .. digits[-rep[VALUE]]
    .. ',' .. digits[-counted(rep, HOUR, hour)] .. ',' .. digits[-counted(rep, DAY, day)] .. ',' .. digits[-counted(rep, WEEK, week)]
    .. ',' .. quoted[view.asked.digest] .. ',"' .. op.traits .. (op.pins and '",1' or '",0') .. waited .. ']'
end

local ENDED = ',"lead":%s,"attempt":%d,"outcome":"%s","step":%d,"value":%d,"test":%s%s'

local function ended_text(op, attempt, view, outcome, step, more)
  return grant_text('ended', format(ENDED, quote(op.id), attempt, outcome, step, op.value, op.test and 'true' or 'false',
    view and text('roster', view.asked.digest) or '') .. more)
end

local function repeat_text(op, known)
  return grant_text('repeat', ',"lead":' .. quote(op.id) .. number('attempt', known.attempt)
    .. text('outcome', known.outcome) .. text('rep', known.rep))
end

-- line_of is how an operation wants its lead to wait; its fields begin at a place of the
-- list.
local function line_of(op, from, view)
  local list = op.list
  if list[from + 2] == 0 then return NO_LINE end
  return { rank = list[from], queued = list[from + 1], reps = request.lines[list[from + 2]], line_roster = view.number }
end

-- line_text tells it.
local function line_text(op)
  local line = op.enters
  if not line then return '' end
  return format(',"line":{"rank":%d,"since":%d,"reps":"%s"}', line.rank, line.queued, line.reps)
end

-- elsewhere says whether a lead that would wait on stands elsewhere in line than before. Its
-- roster may not be installed yet, but is then another one.
local function elsewhere(op, view, known, line)
  if line == NO_LINE then return known.line_roster ~= '' end
  if known.line_roster == '' or line.rank ~= known.rank or line.queued ~= known.queued then return true end
  local was, is = places(known.reps), places(line.reps)
  if #was ~= #is then return true end
  for i = 1, #was do was[i] = known.line_roster .. '/' .. whole(was[i]) end
  was = decode_all(in_parts('HMGET', ROSTERS, was))
  for i = 1, #is do
    local terms = view.asked.install[is[i] + 1]
    if not terms then terms = cjson.decode(call('HGET', ROSTERS, view.number .. '/' .. whole(is[i]))) end
    if was[i][T_REP] ~= terms[T_REP] then return true end
  end
  return false
end

-- decide walks, and enters what comes of it; nothing, if that is where the lead is and
-- is to stay.
local function decide(op, part, view, at, attempt, first, stays)
  op.stays = stays
  op.rank, op.since, op.queues = op.list[first - 3], op.list[first - 2], op.list[first - 1] ~= 0 and not op.test
  local outcome, step, terms, turn = walk(op, view, at, first)
  local line = outcome == 'waiting' and not op.test and line_of(op, first - 3, view) or NO_LINE
  if stays and outcome == stays.outcome and (terms and terms[T_REP] or '') == stays.rep and not turn
    and not (op.wakes and elsewhere(op, view, stays, line)) then return nil end
  local installs = view ~= nil and tells(view, op, part)
  local over = terms ~= nil and room(reps[terms[T_REP]], terms, at) < op.value
  line.line_roster = line ~= NO_LINE and view.number or ''
  op.enters = line ~= NO_LINE and { outcome = outcome, closed = 0, attempt = attempt, rank = line.rank, queued = line.queued,
    reps = line.reps, line_roster = line.line_roster } or nil
  local rep = terms and terms[T_REP] or ''
  set_lead(op.lead, new_lead(op, part, at, attempt, outcome, step, rep, over, turn, view and view.number, line, op.traits))
  op.pins = terms ~= nil and op.traits ~= '' and string.sub(op.traits, 1, 1) ~= '-' and request.shapes[op.list[first + 3 * step]].pins
  bearers.stand(op, rep, op.pins)
  owned_now[op.lead] = terms and not op.test and terms[T_REP] or nil
  if outcome == 'disqualified' then lead_at(op.lead) end -- as a table, to be written as a closed one
  if terms and not op.test then own(reps[terms[T_REP]], terms, op, over, at) end
  return outcome, step, terms, turn, over, installs
end

-- lead_fields are what a grant says of a lead that stays as it is.
local function lead_fields(op, lead)
  return ',"lead":' .. quote(op.id) .. number('attempt', lead.attempt) .. text('outcome', lead.outcome)
    .. text('rep', lead.rep) .. number('value', lead.value) .. (lead.test and ',"test":true' or '')
end

-- last_of makes an operation the last one of a lead, which holds it for the batch.
local function last_of(op, part, lead)
  lead.part, lead.offset, lead.ordinal, lead.batch = part, op.offset, op.ordinal, request.batch
  set_lead(op.lead, lead)
end

-- left_alone is the grant of an operation that leaves a lead as it is; one that waits is held
-- all the same, as ledger.Grant.WaitsOn says.
local function left_alone(op, part, lead)
  if lead.outcome == 'waiting' then last_of(op, part, lead) end
  return grant_text('ignored', lead_fields(op, lead) .. text('verb', op.verb))
end

local function assign(op, part, at)
  local known = lead_at(op.lead)
  if known then return repeat_text(op, known), '' end
  op.value, op.test, op.traits = op.list[7], op.list[8] == 1, bearers.of(op)
  local view = views[op.list[9]]
  local outcome, step, terms, turn, over, installs = decide(op, part, view, at, 1, 13)
  local waited = late(op, at)
  if waited then -- which may have closed it
    if op.enters then op.enters.closed = lead_at(op.lead).closed end
    bearers.restate(op)
  end
  if not terms then
    return ended_text(op, 1, view, outcome, step, line_text(op) .. bearers.text(op.traits) .. (waited and ',"held":' .. waited or '')), '', installs
  end
  return owned_text(op, view, outcome, step, terms, over, turn, waited and ',' .. waited or ''), '', installs
end

local MOVED = ',"lead":%s,"attempt":%d,"outcome":"%s","step":%d,"rep":%s,"value":%d,"test":%s,"over":%s,"roster":%s'

-- moved_text is owned_text of a later attempt; there are few of these.
local function moved_text(op, attempt, view, outcome, step, terms, over, turn, from)
  local MOVED_LOAD = ',"load":{"open":%d,"open_value":%d,"hour":%d,"day":%d,"week":%d}'
  local MOVED_TURN = ',"turn":{"book":%s,"amount":%d,"free":"%s","before":%d,"after":%d%s}'
  local rep = reps[terms[T_REP]]
  local hour, day, week = windows(clock, terms[T_OFFSET])
  return grant_text('owned', format(MOVED, quote(op.id), attempt, outcome, step, quote(terms[T_REP]), op.value,
      op.test and 'true' or 'false', over and 'true' or 'false', quote(view.asked.digest))
    .. format(MOVED_LOAD, rep[OPEN], rep[VALUE], counted(rep, HOUR, hour), counted(rep, DAY, day), counted(rep, WEEK, week))
    .. (turn and format(MOVED_TURN, quote(turn.book), turn.amount, turn.free, turn.before, turn.after, op.given and ',"given":true' or '') or '') .. from)
end

-- touched says whether the owner has done anything with a lead.
local function touched(lead) return lead.accepted + lead.contacted + lead.qualified > 0 end

-- did says whether what makes a move pointless has happened, or what implies it.
local function did(lead, verb)
  if verb == 'taken' then return lead.rep ~= '' end
  if verb == 'accepted' then return touched(lead) end
  if verb == 'contacted' then return lead.contacted + lead.qualified > 0 end
  return verb == 'qualified' and lead.qualified > 0
end

-- move gives a known lead its next attempt, unless it is over or the move has become
-- pointless.
local function move(op, part, at)
  local known = lead_at(op.lead)
  op.verb, op.attempt, op.known, op.effect = op.list[7], op.list[8], known, 'ignored'
  op.wakes = op.list[12] == 1
  local verb, stays = text('verb', op.verb), op.list[11] == 1
  local image = known and lead_text(known) or ''
  if not known or known.closed > 0 then
    return grant_text('ignored', ',"lead":' .. quote(op.id) .. number('attempt', op.attempt) .. verb), image
  end
  op.value, op.test, op.traits = known.value, known.test, known.traits
  local fenced = op.attempt ~= known.attempt
  if fenced then op.effect = 'fenced' end
  if fenced then return grant_text('fenced', lead_fields(op, known) .. verb .. number('asked', op.attempt)), image end
  if did(known, op.verb) then return left_alone(op, part, known), image end
  if counts(known) then hold(known, -1, at) end
  local view, attempt = views[op.list[13]], known.attempt + 1
  local outcome, step, terms, turn, over, installs = decide(op, part, view, at, attempt, 17, stays and known)
  if not outcome then
    if counts(known) then hold(known, 1, at) end
    return left_alone(op, part, known), image
  end
  op.leaves, op.effect, op.got = known, terms and 'owned' or 'ended', terms and terms[T_REP] or ''
  op.freed = counts(known) and known.rep or ''
  local back = op.list[10] == 1 and known.book ~= ''
  if back then return_turn(known, 1) end
  local from = verb .. text('from', known.rep) .. (back and ',"turn_back":true' or '') .. (op.pins and ',"pins":true' or '')
  if not terms then return ended_text(op, attempt, view, outcome, step, line_text(op) .. from), image, installs end
  return moved_text(op, attempt, view, outcome, step, terms, over, turn, from), image, installs
end

-- return_text names a lead that is given back.
local function return_text(id, attempt)
  return '{"lead":' .. quote(id) .. ',"attempt":' .. whole(attempt) .. '}'
end

local function activity(op, part, at)
  local lead = lead_at(op.lead)
  op.verb, op.attempt = op.list[7], op.list[8]
  local by = op.list[9]
  if not lead then
    held[op.id] = held[op.id] or {}
    local ahead = #held[op.id]
    table.insert(held[op.id], { part, op.offset, op.ordinal, op.verb, op.attempt, request.batch, by })
    change_held(op.id)
    set_lead(op.lead, nil) -- it may have been forgotten
    return grant_text('held', ',"lead":' .. quote(op.id) .. number('attempt', op.attempt) .. text('verb', op.verb) .. text('by', by)
      .. number('ahead', ahead)), ''
  end
  local image, counted_ = lead_text(lead), counts(lead)
  if lead.line_roster ~= '' then op.leaves = lead_of(image) end
  local effect = happened(lead, op.verb, op.attempt, by, at)
  op.effect, op.freed = effect, effect == 'freed' and counted_ and lead.rep or ''
  if op.leaves then op.enters = lead end
  local load = ''
  if effect == 'freed' or effect == 'reowned' or effect == 'noted' then
    last_of(op, part, lead)
    if effect ~= 'noted' and lead.rep ~= '' then
      local rep = rep_of(lead.rep)
      load = ',"load":{"open":' .. whole(rep[OPEN]) .. number('open_value', rep[VALUE]) .. '}'
    end
  end
  if effect == 'ignored' then return left_alone(op, part, lead), image end
  local more = ''
  if effect == 'fenced' then
    more = number('asked', op.attempt) .. text('by', by)
  elseif effect == 'noted' then
    more = format(',"marks":{"step":%d,"since":%d,"accepted":%d,"contacted":%d,"qualified":%d}',
      lead.step, lead.since, lead.accepted, lead.contacted, lead.qualified)
  elseif effect == 'reowned' and counts(lead) and rep_of(lead.rep)[PRESENCE] == LEFT then
    more = ',"returns":[' .. return_text(op.id, lead.attempt) .. ']'
  end
  return grant_text(effect, lead_fields(op, lead) .. load .. text('verb', op.verb) .. more), image
end

-- returns lists the leads that a rep gives back: all of them, or those untouched.
local function returns(op, all)
  local texts = {}
  for n = 1, #request.leads do
    local lead = lead_at(n)
    if lead.rep == op.rep and (all or not touched(lead)) then
      texts[#texts + 1] = return_text(request.leads[n], lead.attempt)
    end
  end
  if #texts == 0 then return '' end
  return ',"returns":[' .. concat(texts, ',') .. ']'
end

local function presence(op, _, at)
  op.rep, op.verb = op.list[7], op.list[8]
  local rep = rep_of(op.rep)
  local image = format('[%d,%d]', rep[PRESENCE], rep[UNTIL])
  local shares, effect, until_ = '', 'present', op.verb == 'away' and op.list[9] or 0
  if op.verb == 'left' then
    effect, shares = 'settled', settle(op.rep) .. returns(op, true)
  elseif op.list[10] == 1 then
    shares = ',"give_back":true' .. returns(op, false)
  end
  op.effect, op.freed = effect, op.verb == 'available' and op.rep or ''
  rep[PRESENCE], rep[UNTIL] = PRESENCE_OF[op.verb], until_
  touch(op.rep, at)
  return grant_text(effect, text('rep', op.rep) .. text('verb', op.verb) .. number('until', until_) .. shares), image
end

DO = { assign = assign, expire = expire, activity = activity, move = move, presence = presence }
end
