#!lua flags=allow-oom
-- Gives commands back, in the order of the fields: the newest first. Their attempts stay what they were.
--
-- KEYS inflight, again    ARGV field…
-- Returns how many were still held.
local count = 0
for _, field in ipairs(ARGV) do
	local command = redis.call('HGET', KEYS[1], field)
	if command then
		local attempts = tonumber(string.match(field, ':(%d+)$') or 0)
		redis.call('RPUSH', KEYS[2], cmsgpack.pack({attempts, command}))
		redis.call('HDEL', KEYS[1], field)
		count = count + 1
	end
end
return count
