-- Operations: each gives the body of its grant as JSON, without the braces and
-- without what all grants have.

-- number writes a field that stays out when it is nothing.
local function number(name, n)
  if n == 0 then return '' end
  return format(',"%s":%.0f', name, n)
end

local function text(name, s)
  if s == '' then return '' end
  return ',"' .. name .. '":' .. quote(s)
end

-- late lets what waited for a lead happen to it.
local function late(op, lead, at)
  local early = held[op.id]
  if not early then return '' end
  local texts = {}
  for i = 1, #early do
    local e = early[i]
    local effect = happened(lead, e[4], e[5], at)
    texts[i] = '{"id":{' .. string.sub(text('topic', string.match(e[1], '^(.*)/')), 2)
      .. ',"partition":' .. string.match(e[1], '(%d+)$') .. ',"offset":' .. whole(e[2]) .. number('ordinal', e[3])
      .. '},"verb":' .. quote(e[4]) .. number('attempt', e[5]) .. ',"effect":"' .. effect .. '"}'
  end
  held[op.id] = nil
  change_held(op.id)
  return ',"held":[' .. concat(texts, ',') .. ']'
end

-- walk takes the first step that has a free rep, or that is an end.
local function walk(op, at)
  local view = views[op.roster]
  for i = 1, #op.steps do
    local step = op.steps[i]
    if step.finish ~= '' then return { outcome = step.finish, step = i - 1 } end
    local free, n, gone = free_of(view, step, op.value, at)
    if n > 0 then
      local slot, turn
      if step.pick == 'round_robin' then
        slot, turn = rotate(view, op, step, free, n, gone)
      elseif step.pick == 'least_loaded' then
        slot = pick_least(view, free, n, at)
      else
        slot = free[1]
      end
      return { outcome = step.outcome, step = i - 1, terms = view.terms[slot], turn = turn }
    end
  end
end

-- own counts a new lead for its owner.
local function own(lead, terms, at, sequence)
  local rep = reps[lead.rep]
  local hour, day, week = windows(at, terms[T_OFFSET])
  count(rep, HOUR, hour)
  count(rep, DAY, day)
  count(rep, WEEK, week)
  rep[LAST] = sequence
  hold(lead, 1, at)
end

local function load_text(rep, terms, at)
  local hour, day, week = windows(at, terms[T_OFFSET])
  return ',"load":{"open":' .. whole(rep[OPEN]) .. number('open_value', rep[VALUE])
    .. number('hour', counted(rep, HOUR, hour)) .. number('day', counted(rep, DAY, day))
    .. number('week', counted(rep, WEEK, week)) .. '}'
end

local TURN = ',"turn":{"book":%s,"amount":%.0f,"free":"%s","before":%.0f,"after":%.0f}'

local function assign(op, part, at, sequence)
  local known = leads[op.lead]
  if known then
    return 'repeat', format(',"lead":%s,"attempt":%.0f,"outcome":"%s"', quote(op.id), known.attempt, known.outcome)
      .. text('rep', known.rep)
  end
  local found, view = walk(op, at), views[op.roster]
  local installs = view and install(view) or false
  local turn, terms = found.turn, found.terms
  local lead = {
    outcome = found.outcome, attempt = 1, rep = terms and terms[T_REP] or '', value = op.value,
    test = op.test, over = terms ~= nil and room(reps[terms[T_REP]], terms, at) < op.value, since = at,
    accepted = 0, contacted = 0, qualified = 0, closed = found.outcome == 'disqualified' and at or 0,
    part = part, offset = op.offset, ordinal = op.ordinal, batch = request.batch,
    book = turn and turn.book or '', amount = turn and turn.amount or 0,
    free = turn and turn.free or '', roster = turn and view.number or '',
  }
  leads[op.lead] = lead
  change_lead(op.lead)
  if counts(lead) then own(lead, terms, at, sequence) end
  local waited = late(op, lead, at)
  return terms and 'owned' or 'ended',
    format(',"lead":%s,"attempt":1,"outcome":"%s"', quote(op.id), lead.outcome)
      .. number('step', found.step) .. text('rep', lead.rep) .. number('value', op.value)
      .. (op.test and ',"test":true' or '') .. (lead.over and ',"over":true' or '')
      .. (turn and format(TURN, quote(turn.book), turn.amount, turn.free, turn.before, turn.after) or '')
      .. (terms and load_text(reps[lead.rep], terms, at) or '')
      .. (view and text('roster', view.asked.digest) or '') .. waited,
    '', installs
end

local function activity(op, part, at)
  local lead = leads[op.lead]
  if not lead then
    held[op.id] = held[op.id] or {}
    table.insert(held[op.id], { part, op.offset, op.ordinal, op.verb, op.attempt, request.batch })
    change_held(op.id)
    change_lead(op.lead) -- it may have been forgotten
    return 'held', ',"lead":' .. quote(op.id) .. number('attempt', op.attempt) .. text('verb', op.verb), ''
  end
  local image = lead_text(lead)
  local effect = happened(lead, op.verb, op.attempt, at)
  local load = ''
  if effect == 'freed' or effect == 'reowned' or effect == 'noted' then
    lead.part, lead.offset, lead.ordinal, lead.batch = part, op.offset, op.ordinal, request.batch
    change_lead(op.lead)
    if effect ~= 'noted' and lead.rep ~= '' then
      local rep = rep_of(lead.rep)
      load = ',"load":{"open":' .. whole(rep[OPEN]) .. number('open_value', rep[VALUE]) .. '}'
    end
  end
  return effect, ',"lead":' .. quote(op.id) .. number('attempt', lead.attempt) .. text('outcome', lead.outcome)
    .. text('rep', lead.rep) .. number('value', lead.value) .. (lead.test and ',"test":true' or '')
    .. load .. text('verb', op.verb), image
end

local function presence(op, _, at)
  local rep = rep_of(op.rep)
  local image = format('[%.0f,%.0f]', rep[PRESENCE], rep[UNTIL])
  local shares, effect, until_ = '', 'present', op.verb == 'away' and op['until'] or 0
  if op.verb == 'left' then
    effect, shares = 'settled', settle(op.rep)
  end
  rep[PRESENCE], rep[UNTIL] = PRESENCE_OF[op.verb], until_
  touch(op.rep, at)
  return effect, text('rep', op.rep) .. text('verb', op.verb) .. number('until', until_) .. shares, image
end

local DO = { assign = assign, activity = activity, presence = presence }
