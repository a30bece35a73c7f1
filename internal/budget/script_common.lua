-- Shared by take.lua, before which turns.lua stands, and settle.lua, which follow it in one script. All keys are hashes of one application and have its
-- hash tag. Moments and durations are whole microseconds, which a Lua number holds exactly until the year 2255.
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = tonumber(t[1]) * 1000000 + tonumber(t[2])
end

local function text(n) return string.format('%.0f', n) end

local function number(v, default) return v and tonumber(v) or default end

-- load reads a whole hash.
local function load(key)
  local flat, out = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do out[flat[i]] = flat[i + 1] end
  return out
end

-- pace is the share of its rate that a bucket may use now: a rate-limit answer halves it, and a tenth of the whole comes back each minute.
local RECOVERY = 600 * 1000000
local function pace(b)
  return math.min(1, number(b.p, 1) + math.max(0, now - number(b.pt, now)) / RECOVERY)
end
