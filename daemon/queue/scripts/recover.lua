#!lua flags=allow-oom
-- Recovers what a dead worker held, a bounded part per call, such that it is claimed in its old order and before all
-- else: the landed command is the newest, then the highest claim number. The first call declares the worker dead (its
-- score becomes minus the time at which it may be forgotten), so that its lease cannot come back half-way. The last one
-- takes its queues over.
--
-- KEYS workers, owner, inflight, landing, again, stats
-- ARGV dead worker, own worker, remember_ms, shared, known to be dead, at most so many, at most so many bytes
-- Returns {'alive' | 'unfit', 0} or {'more' | 'recovered' | 'forgotten', moved, owner now}.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease_end = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 'nil')
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[2]) or -1) < now then
	return {'unfit', 0}
elseif lease_end and lease_end >= now and ARGV[5] ~= '1' then
	return {'alive', 0}
end

local most, most_bytes = tonumber(ARGV[6]), tonumber(ARGV[7])
local moved, moved_bytes = 0, 0
local function give_back(attempts, command)
	redis.call('RPUSH', KEYS[5], cmsgpack.pack({attempts, command}))
	moved, moved_bytes = moved + 1, moved_bytes + #command
end

if redis.call('LLEN', KEYS[4]) + redis.call('HLEN', KEYS[3]) > 0 then
	redis.call('ZADD', KEYS[1], -(now + ARGV[3]), ARGV[1])
elseif lease_end and lease_end >= 0 then
	redis.call('ZADD', KEYS[1], -(now + ARGV[3]), ARGV[1])
end

local landed = redis.call('LINDEX', KEYS[4], 0)
while landed and moved < most and moved_bytes < most_bytes do
	give_back(1, landed)
	redis.call('LPOP', KEYS[4])
	landed = redis.call('LINDEX', KEYS[4], 0)
end
if not landed then
	local held = {}
	for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
		held[#held + 1] = {tonumber(string.match(field, '^%d+') or 0), field}
	end
	table.sort(held, function(a, b) return a[1] > b[1] end)
	for _, entry in ipairs(held) do
		if moved >= most or moved_bytes >= most_bytes then
			break
		end
		local attempts = tonumber(string.match(entry[2], ':(%d+)$') or 0)
		give_back(attempts + 1, redis.call('HGET', KEYS[3], entry[2]))
		redis.call('HDEL', KEYS[3], entry[2])
	end
end
if moved > 0 then
	redis.call('HINCRBY', KEYS[6], 'recovered', moved)
end
local owner = redis.call('GET', KEYS[2]) or ''
if redis.call('LLEN', KEYS[4]) + redis.call('HLEN', KEYS[3]) > 0 then
	return {'more', moved, owner}
end
if owner == ARGV[1] and ARGV[4] ~= '1' then
	redis.call('SET', KEYS[2], ARGV[2])
	owner = ARGV[2]
end
if moved == 0 and lease_end and lease_end < 0 and -lease_end <= now then
	redis.call('ZREM', KEYS[1], ARGV[1])
	return {'forgotten', 0, owner}
end
return {'recovered', moved, owner}
