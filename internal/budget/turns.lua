-- Turns: how tenants share what is the whole application's, in each lane, while there is too little of it.
--
-- Whoever is refused is promised a place: behind all others in its lane or, if that is sooner, where it would be if each tenant that waits got the same.
-- So a tenant that asks for little does not wait behind one that asks for much, and no place stays free. Those who wait leave something of the burst
-- to those that have had less, and to those that do not wait, so that a promise is worth something whoever asks first.
--
-- KEYS[5] holds, for each tenant that waits, 'p:', the last place that it was promised, 'g:', how many units it has had, counted from whoever had the
-- least when it began to wait, and 'r:' and 's:', when it is the turn of its next that comes to a promised place and finds somebody else there, where 's'
-- goes ahead of 'r'; and 'n', how many have begun to. The application's 'q', 'b', 'r' and 's' with the lane's number are the last place of all, the end of
-- the queue, and those of the lines of those who return.
local lane, me = tonumber(ARGV[3]), ARGV[21]
local app -- the application's hash, once it was read
-- No more tenants than so many are told apart, and others queue behind all; none is further ahead of another than so many units.
local TENANTS, LEAD = 64, 64
-- What is left to those that have had less, as a share of what the lane may use at once. Two tenants are even if they are no further apart than the
-- dearest request.
local HEADROOM, EVEN = 0.25, 3
-- Promised places are a little closer together than the rate allows, so that those who come back never leave a gap.
local CROWDED = 1.2
-- No promise reaches further: what is said about later is a guess.
local HORIZON = 600 * 1000000

-- last is the last place of each tenant that waits, had what it has had, and past are those whose last place is over. least is what those have had, other
-- than the one who asks, that have had the least; nil if nobody else waits.
-- mine are 'r:' and 's:' of the one who asks.
local turns = {last = {}, had = {}, past = {}, mine = {}, tenants = 0, till = 0, begun = 0}

-- The first bytes of the fields' names.
local P, G, N = 112, 103, 110

-- read reads who waits. Nobody does after till, and what is later than any promise is of a clock that was set back.
function turns.read(till)
  if till <= now or till > now + 2 * HORIZON then return end
  turns.till = till
  local flat, again = redis.call('HGETALL', KEYS[5]), {['r:' .. me] = 'r', ['s:' .. me] = 's'}
  for i = 1, #flat, 2 do
    local field, n = flat[i], flat[i + 1]
    local kind = string.byte(field)
    if kind == P then
      n = tonumber(n)
      local who = string.sub(field, 3)
      if n > now then
        turns.last[who] = n
        turns.tenants = turns.tenants + 1
      else
        turns.past[#turns.past + 1] = who
      end
    elseif kind == G then
      turns.had[string.sub(field, 3)] = tonumber(n)
    elseif kind == N then
      turns.begun = tonumber(n)
    elseif again[field] and tonumber(n) <= now + 2 * HORIZON then
      turns.mine[again[field]] = tonumber(n)
    end
  end
  for who in pairs(turns.last) do
    local had = turns.had[who]
    if who ~= me and (not turns.least or had < turns.least) then turns.least = had end
  end
end

-- leaves is the share of a burst that the one who asks leaves to others.
function turns.leaves()
  if not turns.last[me] then return 0 end
  if turns.least and turns.had[me] <= turns.least + EVEN then return 0 end
  return HEADROOM
end

-- note keeps the last place of the one who asks.
function turns.note(place)
  if turns.till == 0 then redis.call('DEL', KEYS[5]) end
  for _, who in ipairs(turns.past) do redis.call('HDEL', KEYS[5], 'p:' .. who, 'g:' .. who, 'r:' .. who, 's:' .. who) end
  if not turns.last[me] then redis.call('HSET', KEYS[5], 'g:' .. me, text(turns.least or 0), 'n', text(turns.begun + 1)) end
  redis.call('HSET', KEYS[5], 'p:' .. me, text(math.max(place, turns.last[me] or 0)))
  redis.call('PEXPIRE', KEYS[5], text(4 * HORIZON / 1000))
  redis.call('HSET', KEYS[1], 'q' .. lane, text(math.max(place, turns.till)))
end

-- The lines' fields, by what is waited for, from the most urgent lane to the least.
local FIELDS = {
  [''] = {'b0', 'r0', 's0', 'b1', 'r1', 's1', 'b2', 'r2', 's2'},
  l = {'lb0', 'lr0', 'ls0', 'lb1', 'lr1', 'ls1', 'lb2', 'lr2', 'ls2'},
}
-- What counts of the own lane's three.
local NONE, B_R, R, S = {}, {true, true, false}, {false, true, false}, {false, false, true}

-- booked is up to when places were promised to more urgent lanes, and to those of the own lane that count: 'b' for those that come for the first
-- time, 'r' and 's' for those that return. What is later than any promise is of a clock that was set back.
local function booked(h, kind, length, own)
  local fields, at, latest = FIELDS[kind], 0, now + HORIZON + length
  for i = 1, 3 * lane + 3 do
    if h[fields[i]] and (i <= 3 * lane or own[i - 3 * lane]) then
      local promised = number(h[fields[i]], 0)
      if promised > at and promised <= latest then at = promised end
    end
  end
  return at
end

-- toldApart reports whether the tenant is one of those that are.
function turns.toldApart() return turns.last[me] or turns.tenants < TENANTS end

-- place returns the place of a request of a length, of which none is free before the one that is given, and whether it is a fair one in a round.
function turns.place(length, free)
  local queue = math.min(math.max(free, booked(app, '', length, B_R)), now + HORIZON)
  local mine = turns.last[me]
  -- A round is one place for each tenant. Whoever begins to wait gets a place in the next one, each another.
  local fair = free + length * (turns.begun % (turns.tenants + 1))
  if mine then fair = math.max(free, mine + length * turns.tenants) end
  if turns.toldApart() and turns.tenants > (mine and 1 or 0) and fair < queue then return fair, true end
  return queue, false
end

-- again returns the place of a request that comes to a promised one and finds somebody else there: behind all others of its line, 'r' or 's', or, if that
-- is sooner, in turn with other tenants; and whether it is the latter.
function turns.again(who, length, free)
  local queue = math.max(free, booked(app, '', length, who == 's' and S or R))
  if not turns.toldApart() then return queue, false end
  local mine = math.max(free, booked(app, '', length, NONE), turns.mine[who] or 0)
  return math.min(mine, queue), mine < queue
end

-- book promises a place in a line: 'b' with the lane for one in the queue, 'r' or 's' for one who returns. One that goes ahead is its tenant's turn too.
function turns.book(place, fair, length, field)
  if turns.toldApart() then
    turns.note(place)
    local who, round = string.sub(field, 1, 1), length * math.max(turns.tenants, 1)
    if who ~= 'b' then redis.call('HSET', KEYS[5], who .. ':' .. me, text(math.min(place + round, now + 2 * HORIZON))) end
    if who == 's' then redis.call('HSET', KEYS[5], 'r:' .. me, text(math.min(math.max(turns.mine.r or 0, now) + round, now + 2 * HORIZON))) end
  end
  if not fair then redis.call('HSET', KEYS[1], field, text(place + length)) end
end

-- serve notes what a tenant that waits has got beside others.
function turns.serve(units)
  if not turns.last[me] or not turns.least then return end
  redis.call('HSET', KEYS[5], 'g:' .. me, text(math.min(turns.had[me] + units, turns.least + LEAD)))
end
