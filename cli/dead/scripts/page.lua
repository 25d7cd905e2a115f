#!lua flags=no-writes
-- Reads a part of the dead letters, with what tells how they have moved since: {Q}:stats counts each that was buried,
-- and each of them has pushed all others one place away from the left. Statistics that are none count for nothing.
--
-- KEYS dead, stats    ARGV first, last (as LRANGE)
-- Returns {now in ms, how many there are, how many were ever buried, letter, …}, the newest first.
local clock = redis.call('TIME')
local count = redis.call('LLEN', KEYS[1])
local buried = redis.pcall('HGET', KEYS[2], 'dead')
local answer = redis.call('LRANGE', KEYS[1], ARGV[1], ARGV[2])
table.insert(answer, 1, type(buried) == 'string' and tonumber(buried) or 0)
table.insert(answer, 1, count)
table.insert(answer, 1, clock[1] * 1000 + math.floor(clock[2] / 1000))
return answer
