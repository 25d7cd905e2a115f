#!lua flags=allow-oom
-- Releases commands of a dead worker whose commits nobody knows, a bounded part per call: as dead letters, the oldest
-- first; or to be run again, before all else and in their old order, for which it has to be all of them. Only of a
-- worker that some rowd has declared dead and the database did not know (its score ends in .75): all others are looked
-- after without help. So are commands with the mark of what has surely taken effect, an r behind the field: they are
-- left.
--
-- KEYS workers, inflight, again, dead, stats    ARGV worker, 'again' | 'dead', at most so many, at most so many bytes
-- Returns {'known'} when it is no such worker, or {'released', how many, how many are left}.
local score = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
if score >= 0 or -score % 1 ~= 0.75 then
	return {'known'}
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function add(field, amount)
	redis.pcall('HINCRBY', KEYS[5], field, amount)
end

local function bury(attempts, command)
	local letter = cmsgpack.pack({
		reason = 'UNKNOWN_OUTCOME',
		error = 'its worker died, and the database does not know what that has committed',
		attempts = attempts,
		at = now,
		worker = ARGV[1],
		command = command,
	})
	if redis.call('LPUSH', KEYS[4], letter) == 1 then
		redis.pcall('HSET', KEYS[5], 'dead_bytes', 0)
	end
	add('dead_bytes', #letter)
	add('dead', 1)
end

local again = ARGV[2] == 'again'
local held = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
	if not string.match(field, '^%d+r$') and not string.match(field, '^%d+:%d+r$') then
		held[#held + 1] = {tonumber(string.match(field, '^%d+') or 0), field}
	end
end
-- The right end of what is claimed again is next, and the left end of the dead letters is the newest.
table.sort(held, function(a, b)
	if again then
		return a[1] > b[1]
	end
	return a[1] < b[1]
end)
local count, bytes = 0, 0
for _, entry in ipairs(held) do
	if count >= tonumber(ARGV[3]) or bytes >= tonumber(ARGV[4]) then
		break
	end
	local command = redis.call('HGET', KEYS[2], entry[2])
	local attempts = tonumber(string.match(entry[2], '^%d+:(%d+)') or 0) + 1
	if again then
		redis.call('RPUSH', KEYS[3], cmsgpack.pack({attempts, command}))
	else
		bury(attempts, command)
	end
	redis.call('HDEL', KEYS[2], entry[2])
	count, bytes = count + 1, bytes + #command
end
return {'released', count, #held - count}
