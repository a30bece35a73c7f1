-- Says how it goes with an application and what is left for its most urgent work, and changes nothing. KEYS: application, day. What is left is what
-- take.lua would grant.
local every, burst, daily = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local seen_epoch, seen_total, seen_penalty = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local HOUR, DAY = 3600 * 1000000, 24 * 3600 * 1000000

local app, day = load(KEYS[1]), load(KEYS[2])
local epoch = math.min(number(app.ep, now), now)

local units = 0
if every > 0 then
  local tat = math.max(number(app.at, epoch + burst), now)
  units = math.floor((now + burst - tat) / (every / pace(app)))
  if tat <= now then units = math.max(units, 1) end
end

local used, left, oldest = 0, 0, 0
if daily > 0 then
  local hour = math.floor(now / HOUR)
  for field, n in pairs(day) do
    local digits = string.match(field, '^n(%d+)$')
    local at = digits and tonumber(digits)
    if at and at >= hour - 24 and tonumber(n) > 0 then
      used = used + tonumber(n)
      if oldest == 0 or at < oldest then oldest = at end
    end
  end
  local since = number(day.s, now)
  if seen_epoch > 0 and seen_epoch ~= epoch and seen_total > 0 then
    used, since = math.max(used, seen_total), 1
    if oldest == 0 then oldest = hour end -- where the first question will count them
  end
  left = daily - used
  if now - since < DAY then left = math.min(left, math.floor((now - since) * daily / DAY) - used) end
end

return {
  text(number(app.bo, 0)), text(math.max(number(app.pu, 0), seen_penalty)), string.format('%.6f', pace(app)),
  text(math.max(units, 0)), text(used), text(math.max(left, 0)), oldest > 0 and text((oldest + 25) * HOUR) or '0', text(number(app.ca, 0)), text(now),
}
