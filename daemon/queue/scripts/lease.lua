#!lua flags=allow-oom
-- Joins the workers of a queue, or renews the lease of one that has joined, and tells what Redis holds for it.
-- A negative score is a worker that was declared dead: it stays dead, however it came back.
--
-- KEYS workers, owner, inflight, landing, again    ARGV worker, lease_ms, join, shared
-- Returns {'fenced'} or {'held', in flight, landed, again, owner, 1 when the lease had ended before it was renewed}.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease_end = redis.call('ZSCORE', KEYS[1], ARGV[1])
if lease_end then
	if tonumber(lease_end) < 0 then
		return {'fenced'}
	end
elseif ARGV[3] ~= '1' then
	return {'fenced'}
end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
local owner = redis.call('GET', KEYS[2])
if not owner and ARGV[4] ~= '1' then
	redis.call('SET', KEYS[2], ARGV[1])
	owner = ARGV[1]
end
return {'held', redis.call('HLEN', KEYS[3]), redis.call('LLEN', KEYS[4]), redis.call('LLEN', KEYS[5]), owner or '',
	lease_end and tonumber(lease_end) < now and 1 or 0}
