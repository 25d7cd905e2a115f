#!lua flags=allow-oom
-- Makes a dead letter of a command in flight and acknowledges it. Past the caps the oldest dead letters go, a bounded
-- number per call. Their bytes are counted in the statistics, since Redis cannot tell the size of a list. Statistics that
-- cannot be counted, because somebody has put something else there, count for nothing: were they an error here, behind
-- the LPUSH, each further attempt would keep the letter once more.
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
redis.call('HDEL', KEYS[1], ARGV[1])

local function add(field, amount)
	local sum = redis.pcall('HINCRBY', KEYS[3], field, amount)
	return type(sum) == 'number' and sum or 0
end

if count == 1 then
	redis.pcall('HSET', KEYS[3], 'dead_bytes', 0)
end
local bytes = add('dead_bytes', #letter)
add('dead', 1)
local dropped = 0
while dropped < 1024 and count > 1 and (count > tonumber(ARGV[6]) or bytes > tonumber(ARGV[7])) do
	local oldest = redis.call('RPOP', KEYS[2])
	bytes = add('dead_bytes', -#oldest)
	count, dropped = count - 1, dropped + 1
end
if dropped > 0 then
	add('dead_dropped', dropped)
end
return {1, dropped}
