-- Tails: the end of each partition that is not acknowledged.

local positions = {} -- part name -> acknowledged position

local function position(part)
  local p = positions[part]
  if not p then
    p = tonumber(call('HGET', ACKED, part) or 0)
    positions[part] = p
  end
  return p
end

-- header reads the first part of a memo.
local function header(memo)
  local offset, ordinal, low = string.match(memo, '^(%d+) (%d+) (%d+) ')
  return tonumber(offset), tonumber(ordinal), tonumber(low)
end

-- tail_of finds the last memo of a partition.
local function tail_of(p)
  local tail = { part = request.parts[p], key = KEYS[FIRST_MEMO + p], fresh = {}, inserts = {} }
  local last = call('LINDEX', tail.key, -1)
  if last then tail.offset, tail.ordinal = header(last) end
  return tail
end

-- count_below counts the memos of a list below an offset, by halves.
local function count_below(key, offset)
  local low, high = 0, call('LLEN', key)
  while low < high do
    local middle = floor((low + high) / 2)
    if header(call('LINDEX', key, middle)) < offset then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

-- acknowledge moves a position on and drops the memos below it.
local function acknowledge(tail, to)
  if to <= position(tail.part) then return end
  call('HSET', ACKED, tail.part, whole(to))
  positions[tail.part] = to
  if not tail.offset then return end
  if tail.offset < to then
    call('DEL', tail.key)
    call('ZREM', FLOORS, tail.part)
    tail.offset = nil
    return
  end
  local below = count_below(tail.key, to)
  if below > 0 then
    call('LTRIM', tail.key, below, -1)
    local _, _, low = header(call('LINDEX', tail.key, 0))
    call('ZADD', FLOORS, whole(low), tail.part)
  end
end

-- memo_at gives a memo of the list by its place.
local function memo_at(tail, place)
  if tail.memos then return tail.memos[place] end
  return call('LINDEX', tail.key, place - 1)
end

local function before(op, offset, ordinal)
  return op.offset < offset or op.offset == offset and op.ordinal < ordinal
end

-- recall finds the memo of an operation and its place. Without one it gives the
-- place of the memo that the operation would stand before, if any: that happens only
-- when a record that led to nothing the first time is read again. A chunk that is
-- delivered again asks for most of the memos, an operation that comes alone for one.
local function recall(tail, op)
  if not tail.offset or before(tail, op.offset, op.ordinal) then return end
  if not tail.count then
    if #request.ops > 1 then tail.memos = call('LRANGE', tail.key, 0, -1) end
    tail.count = tail.memos and #tail.memos or call('LLEN', tail.key)
  end
  local low, high = 1, tail.count + 1
  while low < high do
    local middle = floor((low + high) / 2)
    local offset, ordinal = header(memo_at(tail, middle))
    if offset == op.offset and ordinal == op.ordinal then return memo_at(tail, middle), middle end
    if before(op, offset, ordinal) then high = middle else low = middle + 1 end
  end
  return nil, low <= tail.count and low or nil
end

-- digest_of and body_of are what the caller keeps with an operation: the digest of its input
-- and its own record of it.
local function digest_of(op) return ARGV[FIRST_DIGEST + 2 * op.index] end
local function body_of(op) return ARGV[FIRST_DIGEST + 2 * op.index + 1] end

-- memo_text puts a memo together, all at once: each text on the way would be copied.
local function memo_text(op, low, installs, grant, undone, image, digest)
  return digits[-op.offset] .. ' ' .. digits[-op.ordinal] .. ' ' .. digits[-low] .. (installs and ' 1\n' or ' 0\n')
    .. grant .. '\n' .. undone .. '\n' .. image .. '\n' .. digest .. '\n' .. body_of(op)
end

-- memo_parts takes it apart.
local function memo_parts(memo)
  local low, installs, grant, undone, image, digest =
    string.match(memo, '^%d+ %d+ (%d+) (%d)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n')
  return { low = tonumber(low), installs = installs == '1', grant = grant, undone = undone, image = image, digest = digest }
end

-- remember keeps the memo of a new operation for write_tails.
local function remember(tail, op, next_memo, sequence, installs, grant, image)
  if next_memo then
    local follower = memo_at(tail, next_memo)
    local _, _, low = header(follower)
    local text = memo_text(op, low, installs, grant, '', image, digest_of(op))
    tail.inserts[#tail.inserts + 1] = { follower, text }
    return
  end
  if not tail.offset then tail.low = sequence end
  tail.offset, tail.ordinal = op.offset, op.ordinal
  tail.fresh[#tail.fresh + 1] = memo_text(op, sequence, installs, grant, '', image, digest_of(op))
end

local function write_tails(tails)
  for p = 1, #tails do
    local tail = tails[p]
    for i = 1, #tail.inserts do
      call('LINSERT', tail.key, 'BEFORE', tail.inserts[i][1], tail.inserts[i][2])
    end
    if #tail.fresh > 0 then in_parts('RPUSH', tail.key, tail.fresh) end
    if tail.low then call('ZADD', FLOORS, whole(tail.low), tail.part) end
    if tail.replace then call('LSET', tail.key, tail.replace[1], tail.replace[2]) end
  end
end
