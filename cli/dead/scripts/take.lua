#!lua flags=allow-oom
-- Takes dead letters off their list, found by their bytes; with a queue's list among the keys their commands are pushed
-- onto it. That comes first, since a script does not roll back: a fault in between leaves the letter where it is. A
-- Redis that is full lets it pass, as it frees more than it takes. The books are those of bury.lua.
--
-- KEYS dead, stats [, list]
-- ARGV at most so many copies of each, then for each its letter, and where in it the command begins and ends
-- Returns for each how many copies went: 0 when it was not there any more.
local answer, went, bytes = {}, 0, 0
for i = 2, #ARGV, 3 do
	local letter = ARGV[i]
	local copies = #redis.call('LPOS', KEYS[1], letter, 'RANK', -1, 'COUNT', ARGV[1])
	if copies > 0 then
		for _ = 1, KEYS[3] and copies or 0 do
			redis.call('LPUSH', KEYS[3], string.sub(letter, ARGV[i + 1], ARGV[i + 2]))
		end
		redis.call('LREM', KEYS[1], -copies, letter)
		went, bytes = went + copies, bytes + copies * #letter
	end
	answer[#answer + 1] = copies
end
if went > 0 then
	redis.pcall('HINCRBY', KEYS[2], KEYS[3] and 'dead_retried' or 'dead_removed', went)
	local left = redis.pcall('HINCRBY', KEYS[2], 'dead_bytes', -bytes)
	-- What was put there by hand was never counted.
	if redis.call('EXISTS', KEYS[1]) == 0 or (type(left) == 'number' and left < 0) then
		redis.pcall('HSET', KEYS[2], 'dead_bytes', 0)
	end
end
return answer
