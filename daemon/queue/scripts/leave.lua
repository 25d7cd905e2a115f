#!lua flags=allow-oom
-- Ends a lease. The queue of a worker that holds nothing is free at once, and the worker forgotten; or, when the
-- database has to forget it first, declared dead, so that it can hold nothing any more. What it still holds is left to be
-- recovered, and the queue with it, so that the order stays.
--
-- KEYS workers, owner, inflight, landing    ARGV worker, remember_ms: declare it dead for so long; 0: forget it
-- Returns 'left', 'declared' or 'ended'.
local lease_end = redis.call('ZSCORE', KEYS[1], ARGV[1])
if redis.call('HLEN', KEYS[3]) + redis.call('LLEN', KEYS[4]) == 0 then
	if redis.call('GET', KEYS[2]) == ARGV[1] then
		redis.call('DEL', KEYS[2])
	end
	if ARGV[2] == '0' then
		redis.call('ZREM', KEYS[1], ARGV[1])
		return 'left'
	end
	local clock = redis.call('TIME')
	redis.call('ZADD', KEYS[1], -(clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[2]), ARGV[1])
	return 'declared'
end
if lease_end and tonumber(lease_end) > 0 then
	redis.call('ZADD', KEYS[1], 0, ARGV[1])
end
return 'ended'
