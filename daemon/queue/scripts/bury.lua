#!lua flags=allow-oom
-- Makes a dead letter of a command in flight and acknowledges it. Past the caps the oldest dead letters go, a bounded
-- number per call. Their bytes are counted in the statistics, since Redis cannot tell the size of a list.
--
-- KEYS inflight, dead, stats    ARGV field, reason, error, attempts, worker, at most so many, at most so many bytes
-- Returns {1, how many went}, or {0, 0} when the command was not held any more.
local command = redis.call('HGET', KEYS[1], ARGV[1])
if not command then
	return {0, 0}
end
local clock = redis.call('TIME')
local letter = cmsgpack.pack({
	reason = ARGV[2],
	error = ARGV[3],
	attempts = tonumber(ARGV[4]),
	at = clock[1] * 1000 + math.floor(clock[2] / 1000),
	worker = ARGV[5],
	command = command,
})
local count = redis.call('LPUSH', KEYS[2], letter)
if count == 1 then
	redis.call('HSET', KEYS[3], 'dead_bytes', 0)
end
local bytes = redis.call('HINCRBY', KEYS[3], 'dead_bytes', #letter)
redis.call('HINCRBY', KEYS[3], 'dead', 1)
redis.call('HDEL', KEYS[1], ARGV[1])
local dropped = 0
while dropped < 1024 and count > 1 and (count > tonumber(ARGV[6]) or bytes > tonumber(ARGV[7])) do
	local oldest = redis.call('RPOP', KEYS[2])
	bytes = redis.call('HINCRBY', KEYS[3], 'dead_bytes', -#oldest)
	count, dropped = count - 1, dropped + 1
end
if dropped > 0 then
	redis.call('HINCRBY', KEYS[3], 'dead_dropped', dropped)
end
return {1, dropped}
