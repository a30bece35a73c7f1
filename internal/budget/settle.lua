-- Says what became of a call. KEYS: application, mailbox, calendar.
local id, verdict, took = ARGV[2], ARGV[3], tonumber(ARGV[4])
-- slow names what the provider found too fast: '' for nothing. penalised names what is to be left alone, for as long as it was told.
local slow, penalised, penalty = ARGV[5], ARGV[6], now + tonumber(ARGV[7])
local app_trip, box_trip, first_open, longest_open = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])

local DAY, SECOND = 24 * 3600 * 1000000, 1000000
local app, box = load(KEYS[1]), load(KEYS[2])

local function close(key)
  redis.call('HDEL', key, 'bo', 'bn', 'bp', 'bi', 'bf', 'wt', 'wn', 'wf')
end

local function open(key, b)
  local n = number(b.bn, 0)
  local d = math.min(first_open * 2 ^ math.min(n, 20), longest_open)
  redis.call('HDEL', key, 'bp', 'bi', 'bf', 'wt', 'wn', 'wf')
  redis.call('HSET', key, 'bo', text(now + d), 'bn', text(n + 1))
end

-- judge moves one breaker. It trips after so many failures in a row, or when half of at least twenty calls within two seconds have failed.
local function judge(key, b, trip)
  local probing = b.bi == id
  if number(b.bo, 0) > 0 then
    if not probing then return end -- it was under way when the breaker tripped
    if verdict == 'failed' then
      open(key, b)
    elseif verdict == 'well' or verdict == 'refused' then
      close(key)
    else
      redis.call('HDEL', key, 'bp', 'bi')
    end
    return
  end
  if verdict ~= 'well' and verdict ~= 'failed' then return end
  local begun, n, failed = number(b.wt, 0), number(b.wn, 0) + 1, number(b.wf, 0)
  if now < begun or now - begun > 2 * SECOND then begun, n, failed = now, 1, 0 end
  local row = 0
  if verdict == 'failed' then row, failed = number(b.bf, 0) + 1, failed + 1 end
  if row >= trip or (n >= 20 and failed * 2 >= n) then return open(key, b) end
  redis.call('HSET', key, 'bf', text(row), 'wt', text(begun), 'wn', text(n), 'wf', text(failed))
end

-- A mailbox whose breaker is open says nothing more about the application, unless its call was the application's own probe.
if number(box.bo, 0) == 0 or app.bi == id or verdict ~= 'failed' then judge(KEYS[1], app, app_trip) end
judge(KEYS[2], box, box_trip)

redis.call('HDEL', KEYS[2], 'l:' .. id)
if verdict == 'well' or verdict == 'refused' or verdict == 'throttled' then redis.call('HSET', KEYS[1], 'ca', '0') end
-- How long a call takes, where there was an answer: one that is waited for in vain would keep those away who wait for its place.
if took > 0 and (verdict == 'well' or verdict == 'refused') then
  for i, b in ipairs({app, box}) do
    local mean = number(b.du, 200000)
    redis.call('HSET', KEYS[i], 'du', text(mean + (took - mean) / 8))
  end
end

local function halve(key, b)
  if not key then return end
  redis.call('HSET', key, 'p', string.format('%.6f', math.max(pace(b) / 2, 1 / 64)), 'pt', text(now))
  redis.call('PEXPIRE', key, text(DAY / 1000))
end
if slow == 'application' then
  halve(KEYS[1], app)
elseif slow == 'mailbox' then
  halve(KEYS[2], box)
elseif slow == 'calendar' then
  halve(KEYS[3], KEYS[3] and load(KEYS[3]) or {})
end
if penalised == 'application' and penalty > number(app.pu, 0) then redis.call('HSET', KEYS[1], 'pu', text(penalty)) end
if penalised == 'mailbox' and penalty > number(box.pu, 0) then redis.call('HSET', KEYS[2], 'pu', text(penalty)) end
redis.call('PEXPIRE', KEYS[1], text(8 * DAY / 1000))
redis.call('PEXPIRE', KEYS[2], text(DAY / 1000))
return text(now)
