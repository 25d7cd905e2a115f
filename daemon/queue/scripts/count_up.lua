#!lua flags=allow-oom
-- Adds to the counters of a queue.
--
-- KEYS stats    ARGV name, amount, …
for i = 1, #ARGV, 2 do
	redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
return #ARGV / 2
