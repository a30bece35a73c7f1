-- Turns: how tenants share what is the whole application's, in each lane, while there is too little of it.
--
-- A tenant that was refused has been promised places. In virtual time each of those who wait gets the same, so that a tenant's next place is behind its own
-- promises, and behind as much of each other tenant's: one that has none waits for one place of each. Who waits also leaves something of the burst to
-- those that have had less, and to those that do not wait, whoever asks first.
--
-- KEYS[5] holds 'v', the virtual time at 't', and for each tenant that waits 'f:', where its promises end in virtual time, and 'g:', how many units it
-- has had, counted from those who had the least when it began to wait.
local lane, me = tonumber(ARGV[3]), ARGV[20]
-- No more tenants than so many are told apart, and no tenant is further ahead of another than so many units.
local TENANTS, LEAD = 256, 64
-- What is left to those that have had less, as a share of what the lane may use at once. Two tenants are even if they are no further apart than the
-- dearest request.
local HEADROOM, EVEN = 0.25, 3
-- Promised places are a little closer together than the rate allows, so that those who come back never leave a gap.
local CROWDED = 1.2
-- No promise reaches further: what is said about later is a guess.
local HORIZON = 600 * 1000000

local turns = {queue = {}, had = {}, ended = {}, tenants = 0, time = 0, sum = 0}

-- pass lets a span go by: it is shared evenly among those who wait, until each has what it was promised.
function turns.pass(span)
  if span >= turns.sum then
    for who in pairs(turns.queue) do turns.ended[#turns.ended + 1] = who end
    turns.queue, turns.tenants, turns.sum = {}, 0, 0
    return
  end
  while span > 0 do
    local shortest
    for _, left in pairs(turns.queue) do
      if not shortest or left < shortest then shortest = left end
    end
    local step = math.min(shortest, span / turns.tenants)
    for who, left in pairs(turns.queue) do
      turns.queue[who] = left - step
      if left <= step then
        turns.queue[who] = nil
        turns.ended[#turns.ended + 1] = who
      end
    end
    span, turns.sum = span - step * turns.tenants, turns.sum - step * turns.tenants
    turns.time, turns.tenants = turns.time + step, 0
    for _ in pairs(turns.queue) do turns.tenants = turns.tenants + 1 end
    if turns.tenants == 0 then return end
  end
end

-- read reads who waits. until_ is when the last promise ends: nobody waits after that.
function turns.read(until_)
  turns.stale = until_ <= now or until_ > now + 2 * HORIZON
  if turns.stale then return end
  local h = load(KEYS[5])
  turns.time = number(h.v, 0)
  for field, at in pairs(h) do
    local who = string.match(field, '^f:(.*)$')
    local left = who and tonumber(at) - turns.time
    if who and left > 0 then
      turns.queue[who], turns.had[who] = left, number(h['g:' .. who], 0)
      turns.tenants, turns.sum = turns.tenants + 1, turns.sum + left
    end
  end
  turns.pass(math.max(0, now - number(h.t, now)))
end

-- least is what those have had, other than the one who asks, that have had the least; nil if nobody else waits.
function turns.least()
  local n
  for who in pairs(turns.queue) do
    if who ~= me and (not n or turns.had[who] < n) then n = turns.had[who] end
  end
  return n
end

-- leaves is the share of a burst that the one who asks leaves to others.
function turns.leaves()
  if not turns.queue[me] then return 0 end
  local least = turns.least()
  if least and turns.had[me] <= least + EVEN then return 0 end
  return HEADROOM
end

-- promise returns how far behind the next that is free the place is that a request of a length gets, and notes it.
function turns.promise(length, free)
  local mine = turns.queue[me] or 0
  local ahead = mine
  for who, left in pairs(turns.queue) do
    if who ~= me then ahead = ahead + math.min(left, mine + length) end
  end
  if free + ahead > now + HORIZON or (mine == 0 and turns.tenants >= TENANTS) then return ahead end
  if turns.stale then redis.call('DEL', KEYS[5]) end
  for _, who in ipairs(turns.ended) do redis.call('HDEL', KEYS[5], 'f:' .. who, 'g:' .. who) end
  if mine == 0 then redis.call('HSET', KEYS[5], 'g:' .. me, text(turns.least() or 0)) end
  redis.call('HSET', KEYS[5], 't', text(now), 'v', text(turns.time), 'f:' .. me, text(turns.time + mine + length))
  redis.call('PEXPIRE', KEYS[5], text(4 * HORIZON / 1000))
  redis.call('HSET', KEYS[1], 'q' .. lane, text(now + turns.sum + length))
  return ahead
end

-- serve notes what a tenant that waits has got beside others.
function turns.serve(units)
  local least = turns.queue[me] and turns.least()
  if least then redis.call('HSET', KEYS[5], 'g:' .. me, text(math.min(turns.had[me] + units, least + LEAD))) end
end
