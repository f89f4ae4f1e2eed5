-- Tells which commands the user who asks may not run on a key. It runs none.
--
-- KEYS  1      any key of the namespace
-- ARGV  1 ...  commands, as ACL rules name them: hset, config|get
--
-- Returns those that are denied, or { 'unknown' } where the server cannot say.
if not redis.acl_check_cmd then return { 'unknown' } end
local keyless = { time = true, info = true, scan = true, ping = true }
local denied = {}
for _, command in ipairs(ARGV) do
  local name, sub = string.match(command, '^([^|]+)|?(.*)$')
  local allowed
  if sub ~= '' then
    allowed = redis.acl_check_cmd(name, sub, 'x')
  elseif name == 'eval' or name == 'evalsha' then
    allowed = redis.acl_check_cmd(name, 'x', '1', KEYS[1])
  elseif keyless[name] then
    allowed = redis.acl_check_cmd(name)
  else
    allowed = redis.acl_check_cmd(name, KEYS[1], KEYS[1], KEYS[1]) -- some take keys alone
  end
  if not allowed then denied[#denied + 1] = command end
end
return denied
