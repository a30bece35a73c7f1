-- Asks whether a request may be sent now, and takes what it needs if so: all of it or nothing.
-- KEYS: application, day, tenant, mailbox, turns, and for a write to a calendar that calendar.
local cost = tonumber(ARGV[2])
local id, ttl = ARGV[4], tonumber(ARGV[5])
local seen_epoch, seen_total, seen_penalty = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local daily, concurrency, credit = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
-- A patient call waits for a place of its mailbox where it is, and needs none in a line. One that returns comes when it was told to.
local patient, returns = ARGV[12] == '1', ARGV[22] == '1'
-- How much later than the most urgent lane this one comes back to a breaker, so that what somebody waits for is the probe and goes first afterwards.
local later = tonumber(ARGV[23])
-- For how long the call would wait where it is.
local patience = tonumber(ARGV[24])
-- Then, for application, tenant, mailbox and calendar: microseconds per unit (0: no limit), and the burst in microseconds.

local HOUR, DAY, SECOND = 3600 * 1000000, 24 * 3600 * 1000000, 1000000
-- What must be left for more urgent lanes, as a share of the burst and of the day: interactive, background, bulk.
local RESERVE = ({0, 0.25, 0.5})[lane + 1]
local DAY_RESERVE = ({0, 0.02, 0.04})[lane + 1]
-- While a day's use is not known, so much of what has come back of it is shared by the lanes like a burst.
local DAY_BURST = 10 * SECOND
-- No breaker is open for longer, and no bucket is further from empty than its burst and so many units. What is, is of a clock that was set back.
local LONGEST_OPEN, MOST_UNITS = 60 * SECOND, 200
-- A line is long that those who come last have to wait in for so much longer.
local LONG_LINE = 30 * SECOND

app = load(KEYS[1])
local box = load(KEYS[4])
turns.read(number(app['q' .. lane], 0))
local epoch = number(app.ep, 0)
local fresh = epoch == 0 or epoch > now
if fresh then epoch = now end

local wait, reason = 0, ''
local function refuse(w, why)
  if w > wait then wait, reason = w, why end
end

-- Penalties. Whoever asks knows some that a flushed Redis has forgotten.
local penalty = math.max(number(app.pu, 0), seen_penalty)
refuse(penalty - now, 'application-penalty')
refuse(number(box.pu, 0) - now, 'mailbox-penalty')

-- Breakers. One that has tripped lets a single probe through once its time is over; the probe's own lease ends with its worker.
local probe = {}
local function guard(b, name)
  local open, probing = number(b.bo, 0), number(b.bp, 0)
  if open == 0 or b.bi == id then return end
  if open > now and open <= now + LONGEST_OPEN then
    refuse(open - now + later, name)
  elseif probing > now and probing <= now + ttl then
    -- The longer a probe has no answer, the less likely one is.
    refuse(math.min(probing - now, math.max(SECOND, math.min((now - (probing - ttl)) / 2, 5 * SECOND))) + later, name)
  else
    probe[name] = true
  end
end
guard(app, 'application-breaker')
guard(box, 'mailbox-breaker')

-- Lines of those who wait, for each lane behind those that are more urgent: 'b' of newcomers, and 'r' of those who have waited in another and find
-- somebody else at their place. At what is the whole application's tenants take turns, and some of those who return go ahead of others: 's'.
local calendar = KEYS[6] and load(KEYS[6]) or {}
-- Whoever returns and belongs to a mailbox or calendar whose own line is long goes ahead at the application: it would be done last anyway, and what its
-- calendar could have taken meanwhile would be lost. 'w' is until when such requests of the mailbox wait.
local function behind()
  local w = number(box.w, 0)
  return w > now and w <= now + HORIZON or math.max(booked(box, '', 0, B_R), booked(calendar, '', 0, B_R)) > now + LONG_LINE
end
local lines, queued = {}, nil
local function line(key, h, kind, name, at, need)
  local l = {key = key, field = kind .. (returns and 'r' or 'b') .. lane, name = name, at = at, length = need / CROWDED}
  if key ~= KEYS[1] then
    l.place = math.max(at, booked(h, kind, l.length, returns and R or B_R))
  elseif returns then
    local who = behind() and 's' or 'r'
    l.field = who .. lane
    l.place, l.fair = turns.again(who, l.length, at)
  else
    l.place, l.fair = turns.place(l.length, at)
  end
  lines[#lines + 1] = l
  if at > now then queued = true end
end

-- Credit: without a sign of life no more than so many requests are begun, some of which are left to more urgent lanes, and after them one each five
-- seconds. The others come back when an answer may have come.
local spent, unanswered = number(app.ca, 0), 0
if spent >= credit - math.floor(credit * RESERVE / 2) and not probe['application-breaker'] then
  local quiet = now - number(app.cl, 0)
  if quiet >= 0 and quiet < 5 * SECOND then
    unanswered = now + math.min(math.max(number(app.du, 200000), 20000), SECOND / 2)
  end
end

-- The day: full hours that reach back at least 24 hours. A count that was lost comes back from whoever heard it last; if nobody did, it grows
-- no faster than a day's allowance does.
local hour = math.floor(now / HOUR)
local day, total
if daily > 0 then
  local d = redis.call('HMGET', KEYS[2], 't', 'h', 's')
  total = number(d[1], 0)
  day = {since = number(d[3], now), drop = {}}
  if not d[1] or day.since > now then day.new, day.since = true, now end
  if number(d[2], hour) ~= hour then
    total = 0
    for field, n in pairs(load(KEYS[2])) do
      local digits = string.match(field, '^n(%d+)$')
      local at = digits and tonumber(digits)
      if at and at < hour - 24 then
        day.drop[#day.drop + 1] = field
      elseif at then
        total = total + tonumber(n)
      end
    end
  end
  if seen_epoch > 0 and seen_epoch ~= epoch and seen_total > 0 then
    day.add = math.max(0, seen_total - total)
    total = total + day.add
    day.since = 1
  end
  if total + cost > daily * (1 - DAY_RESERVE) then refuse((hour + 1) * HOUR - now, 'application-day') end
end

-- Leases of the mailbox. A request of a call that has one goes on under it.
local each, full, free
if concurrency > 0 then
  local held, youngest, soonest = 0, now - ttl, now + ttl
  for field, until_ in pairs(box) do
    if string.sub(field, 1, 2) == 'l:' and field ~= 'l:' .. id then
      local left = tonumber(until_) - now
      if left > 0 and left <= ttl then
        held, youngest, soonest = held + 1, math.max(youngest, now + left - ttl), math.min(soonest, now + left)
      else
        redis.call('HDEL', KEYS[4], field)
      end
    end
  end
  local took = number(box.du, 200000)
  each, full = took / concurrency, held >= concurrency
  -- The longer all that hold a place have been at it, the less likely is that one of them gives it back before its lease ends.
  free = math.max(each, math.min((now - youngest - 4 * took) / 2, 5 * SECOND, soonest - now))
  if not full then line(KEYS[4], box, 'l', 'mailbox-concurrency', now, each) end
end

-- Rates: one theoretical arrival time each (GCRA). A bucket that is not there was empty when this Redis began, and has filled since.
local buckets = {}
local function rate(key, b, name, i, leaves)
  local unit, burst = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  if unit == 0 then return end
  local need = cost * unit / pace(b)
  local tat = math.max(number(b.at, epoch + burst), now)
  if tat > now + burst + MOST_UNITS * unit then
    tat = now + burst
    redis.call('HSET', key, 'at', text(tat))
  end
  local at = tat + need - math.max(burst * (1 - RESERVE) * (1 - leaves), need)
  buckets[#buckets + 1] = {key = key, tat = tat + need}
  line(key, b, '', name, at, need)
end
rate(KEYS[1], app, 'application-rate', 13, turns.leaves())
rate(KEYS[3], load(KEYS[3]), 'tenant-rate', 15, 0)
rate(KEYS[4], box, 'mailbox-rate', 17, 0)
if KEYS[6] then rate(KEYS[6], calendar, 'calendar-pace', 19, 0) end
if day and now - day.since < DAY then
  local need = cost * DAY / daily
  line(KEYS[1], app, '', 'application-day',
    day.since + total * DAY / daily + need + DAY_BURST * (1 - (1 - RESERVE) * (1 - turns.leaves())), need)
end

if full and patient and not queued then
  refuse(free, 'mailbox-concurrency')
elseif full then
  line(KEYS[4], box, 'l', 'mailbox-concurrency', now + free, each)
end

-- Whoever waits for an answer to somebody else's call needs no line for it, as long as it waits where it is: it is there when the answer comes.
if unanswered > 0 and (queued or unanswered - now > patience) then
  queued = true
elseif unanswered > 0 then
  refuse(unanswered - now, 'unanswered')
end

-- Whoever is refused is promised a place behind those that were refused before, so that they do not all come back at once. It is a place in the
-- longest line of those that refuse it.
if queued then
  local longest = {place = 0, name = 'unanswered'}
  for _, l in ipairs(lines) do
    if l.place > longest.place and (l.at > now or unanswered > 0) then longest = l end
  end
  local at = math.min(math.max(longest.place, unanswered), now + HORIZON)
  if wait == 0 and longest.key == KEYS[1] then
    turns.book(at, longest.fair, longest.length, longest.field)
    if longest.field == 's' .. lane then
      redis.call('HSET', KEYS[4], 'w', text(math.max(at, number(box.w, 0))))
      redis.call('PEXPIRE', KEYS[4], text(DAY / 1000))
    end
  elseif wait == 0 and longest.key then
    redis.call('HSET', longest.key, longest.field, text(at + longest.length))
    redis.call('PEXPIRE', longest.key, text(DAY / 1000))
  end
  refuse(at - now, unanswered > 0 and 'unanswered' or longest.name)
end

local function answer(ok)
  return {ok, text(math.ceil(wait)), reason, text(epoch), text(total or 0), text(penalty)}
end

-- What is known is kept even if this request may not be sent.
if fresh then redis.call('HSET', KEYS[1], 'ep', text(epoch)) end
if seen_penalty > number(app.pu, 0) and seen_penalty > now then redis.call('HSET', KEYS[1], 'pu', text(seen_penalty)) end
redis.call('PEXPIRE', KEYS[1], text(8 * DAY / 1000))
if day then
  for _, field in ipairs(day.drop) do redis.call('HDEL', KEYS[2], field) end
  local n = (wait == 0) and cost or 0
  if n > 0 or day.new or day.add or #day.drop > 0 then
    redis.call('HINCRBY', KEYS[2], 'n' .. text(hour), text(n + (day.add or 0)))
    redis.call('HSET', KEYS[2], 't', text(total + n), 'h', text(hour), 's', text(day.since))
    redis.call('PEXPIRE', KEYS[2], text(8 * DAY / 1000))
  end
end
if wait > 0 then return answer(0) end

for _, b in ipairs(buckets) do
  redis.call('HSET', b.key, 'at', text(b.tat))
  if b.key ~= KEYS[1] then redis.call('PEXPIRE', b.key, text(DAY / 1000)) end
end
turns.serve(cost)
redis.call('HSET', KEYS[1], 'ca', text(spent + 1), 'cl', text(now))
if concurrency > 0 then
  redis.call('HSET', KEYS[4], 'l:' .. id, text(now + ttl))
  redis.call('PEXPIRE', KEYS[4], text(DAY / 1000))
end
if probe['application-breaker'] then redis.call('HSET', KEYS[1], 'bi', id, 'bp', text(now + ttl)) end
if probe['mailbox-breaker'] then redis.call('HSET', KEYS[4], 'bi', id, 'bp', text(now + ttl)) end
return answer(1)
