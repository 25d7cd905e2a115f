#!lua flags=allow-oom
-- Looks after the other workers of a queue: who owns it, who has to be recovered or looked at once more. Takes a queue
-- that nobody owns.
--
-- A name that no worker can have was written by somebody else. There is nobody behind it, and nothing to be recovered:
-- it is forgotten here, so that those behind it come to be looked after.
--
-- KEYS workers, owner    ARGV worker, shared, longest name
-- Returns {owner, one worker to recover or ''}.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease_end = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or -1)

local function is_name(name)
	return #name <= tonumber(ARGV[3]) and string.match(name, '^[%w-]+$')
end

local owner = redis.call('GET', KEYS[2])
if owner and not is_name(owner) then
	owner = nil
end
if not owner and ARGV[2] ~= '1' and lease_end > now then
	redis.call('SET', KEYS[2], ARGV[1])
	owner = ARGV[1]
end
-- An owner whom the set does not know, or knows as dead, must be recovered before anybody can follow it.
local dead = ''
if owner and owner ~= ARGV[1] and ARGV[2] ~= '1' and tonumber(redis.call('ZSCORE', KEYS[1], owner) or -1) < now then
	dead = owner
else
	local expired = redis.call('ZRANGEBYSCORE', KEYS[1], 0, now, 'LIMIT', 0, 2)
	-- Whoever has waited longest comes first, so that one that has to be looked at again and again keeps nobody back.
	local remembered = redis.call('ZREVRANGEBYSCORE', KEYS[1], '(0', -now, 'LIMIT', 0, 1)
	for _, worker in ipairs({expired[1] or ARGV[1], expired[2] or ARGV[1], remembered[1] or ARGV[1]}) do
		if not is_name(worker) then
			redis.call('ZREM', KEYS[1], worker)
		elseif dead == '' and worker ~= ARGV[1] then
			dead = worker
		end
	end
end
return {owner or '', dead}
