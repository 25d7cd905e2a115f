#!lua flags=allow-oom
-- Tells commands in flight, each up to the longest: an element may have 512 MB.
--
-- KEYS inflight    ARGV longest, field…
-- Returns a command for each field, nil for one that is not held.
local longest, answer = tonumber(ARGV[1]), {}
for i = 2, #ARGV do
	local command = redis.call('HGET', KEYS[1], ARGV[i])
	answer[i - 1] = command and #command > longest and string.sub(command, 1, longest) or command
end
return answer
