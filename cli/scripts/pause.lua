#!lua flags=allow-oom
-- Pauses a queue: nobody claims while the key is there. It holds when that was, for whoever wonders. A queue may have to
-- be paused because Redis is full, where SET alone would be refused.
--
-- KEYS paused
-- Returns 1, or 0 when it was paused already.
if redis.call('EXISTS', KEYS[1]) == 1 then
	return 0
end
redis.call('SET', KEYS[1], redis.call('TIME')[1])
return 1
