#!lua flags=allow-oom
-- Ends a lease. A worker that holds nothing is forgotten and its queue is free at once; what it still holds is left to
-- be recovered, and the queue with it, so that the order stays.
--
-- KEYS workers, owner, inflight, landing    ARGV worker
-- Returns 'left' or 'ended'.
local lease_end = redis.call('ZSCORE', KEYS[1], ARGV[1])
if redis.call('HLEN', KEYS[3]) + redis.call('LLEN', KEYS[4]) == 0 then
	redis.call('ZREM', KEYS[1], ARGV[1])
	if redis.call('GET', KEYS[2]) == ARGV[1] then
		redis.call('DEL', KEYS[2])
	end
	return 'left'
end
if lease_end and tonumber(lease_end) > 0 then
	redis.call('ZADD', KEYS[1], 0, ARGV[1])
end
return 'ended'
