#!lua flags=allow-oom
-- Gives the command that a blocking pop has moved its number and its place in flight; or puts it back where it came
-- from, when the worker does not want it any more or the queue was paused meanwhile.
--
-- KEYS landing, inflight, workers, paused, list, again    ARGV worker, claim number, put it back, longest
-- Returns {'fenced'}, {'empty'}, {'returned', how many are left} or {'adopted', command, how many are left, 0 when nothing
-- waits to be claimed}. Of a command that is longer than the longest only so much is told.
if tonumber(redis.call('ZSCORE', KEYS[3], ARGV[1]) or -1) < 0 then
	return {'fenced'}
end
local command = redis.call('LINDEX', KEYS[1], -1)
if not command then
	return {'empty'}
end
if ARGV[3] == '1' or redis.call('EXISTS', KEYS[4]) == 1 then
	-- Newest first, so that the oldest is at the right end of the list again.
	redis.call('LMOVE', KEYS[1], KEYS[5], 'LEFT', 'RIGHT')
	return {'returned', redis.call('LLEN', KEYS[1])}
end
redis.call('HSET', KEYS[2], ARGV[2], command)
redis.call('LTRIM', KEYS[1], 0, -2)
local longest = tonumber(ARGV[4])
return {'adopted', #command > longest and string.sub(command, 1, longest) or command,
	redis.call('LLEN', KEYS[1]), redis.call('EXISTS', KEYS[5], KEYS[6])}
