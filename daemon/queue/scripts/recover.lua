#!lua flags=allow-oom
-- Recovers what a dead worker held, a bounded part per call. The first call declares the worker dead, before anything
-- else: its score becomes negative, so that its lease cannot come back half-way and it holds nothing new any more.
--
-- What it held is given back such that it is claimed in its old order and before all else: the landed command is the
-- newest, then the highest claim number. But what a worker that is delivered exactly once has held may have taken
-- effect: nothing of it is touched before the database has said what has ('inquire'). A command that has, or that is
-- marked as such, moves to the caller's own in-flight hash under a new number and with the mark: it is never run again,
-- whoever dies next. When the database does not know the worker, nobody can tell, and what is not marked stays.
--
-- A score of minus a time: declared dead, to be looked at again then. Its fraction says what was seen the last time:
-- .5 it still held something, .75 that was of an unknown outcome, 0 nothing. Seen empty once more it is forgotten, when
-- the database has forgotten it first ('dismiss').
--
-- KEYS workers, owner, inflight and landing of the dead, again, stats, own inflight
-- ARGV dead worker, own worker, remember_ms, again_ms, shared, known to be dead, at most so many, at most so many bytes,
--      what is known ('nothing' | 'done' | 'unknown' | 'dismissed'), first claim number, room for so many commands, for so
--      many bytes, longest, then with 'done' the numbers that have taken effect: first, last, … in rising order
-- Returns {'alive' | 'unfit', 0} or {'inquire' | 'more' | 'unknown' | 'recovered' | 'dismiss' | 'forgotten', moved, owner now,
-- left, then for each command with a number of the caller's, from the first on: attempts and command}. Of a command that is
-- longer than the longest only so much is told.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local dead, own, known = ARGV[1], ARGV[2], ARGV[9]
local lease_end = tonumber(redis.call('ZSCORE', KEYS[1], dead) or 'nil')
if tonumber(redis.call('ZSCORE', KEYS[1], own) or -1) < now then
	return {'unfit', 0}
elseif lease_end and lease_end >= now and ARGV[6] ~= '1' then
	return {'alive', 0}
end

local function left()
	return redis.call('LLEN', KEYS[4]) + redis.call('HLEN', KEYS[3])
end

local function look_again_in(ms, fraction)
	redis.call('ZADD', KEYS[1], -(now + ms + fraction), dead)
end

if left() > 0 then
	look_again_in(tonumber(ARGV[4]), known == 'unknown' and 0.75 or 0.5)
end

local owner = redis.call('GET', KEYS[2]) or ''
local exactly_once = string.sub(dead, 1, 4) == 'exo-'
if exactly_once and known ~= 'done' and known ~= 'unknown' and redis.call('HLEN', KEYS[3]) > 0 then
	return {'inquire', 0, owner, left()}
end

local most, most_bytes = tonumber(ARGV[7]), tonumber(ARGV[8])
local number, room, room_bytes = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local longest = tonumber(ARGV[13])
local moved, moved_bytes, adopted, adopted_bytes = 0, 0, 0, 0
local answer = {'', 0, '', 0}

local function give_back(attempts, command)
	redis.call('RPUSH', KEYS[5], cmsgpack.pack({attempts, command}))
	moved, moved_bytes = moved + 1, moved_bytes + #command
end

-- False when there is no room for it. The first one is taken whatever its size.
local function adopt(attempts, command)
	if adopted >= room or (adopted > 0 and adopted_bytes + #command > room_bytes) then
		return false
	end
	redis.call('HSET', KEYS[7], string.format('%.0f:%.0fr', number + adopted, attempts), command)
	adopted, adopted_bytes = adopted + 1, adopted_bytes + #command
	moved, moved_bytes = moved + 1, moved_bytes + #command
	answer[#answer + 1] = attempts
	answer[#answer + 1] = #command > longest and string.sub(command, 1, longest) or command
	return true
end

-- Whether a number is in one of the ranges: by halves.
local function has_taken_effect(wanted)
	local low, high = 1, (#ARGV - 13) / 2
	while low <= high do
		local middle = math.floor((low + high) / 2)
		if wanted < tonumber(ARGV[12 + 2 * middle]) then
			high = middle - 1
		elseif wanted > tonumber(ARGV[13 + 2 * middle]) then
			low = middle + 1
		else
			return true
		end
	end
	return false
end

-- number, number:attempts, and either with the mark behind it. Nil for what is nothing of the kind.
local function parse(field)
	local digits, attempts, mark = string.match(field, '^(%d+):(%d+)(r?)$')
	if not digits then
		digits, mark = string.match(field, '^(%d+)(r?)$')
	end
	return tonumber(digits or 'nil'), tonumber(attempts or 0), mark == 'r'
end

local landed = redis.call('LINDEX', KEYS[4], 0)
while landed and moved < most and moved_bytes < most_bytes do
	give_back(1, landed)
	redis.call('LPOP', KEYS[4])
	landed = redis.call('LINDEX', KEYS[4], 0)
end
if not landed then
	local held = {}
	for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
		local claim, attempts, mark = parse(field)
		held[#held + 1] = {claim or 0, field, attempts + 1, mark, not claim}
	end
	table.sort(held, function(a, b) return a[1] > b[1] end)
	for _, entry in ipairs(held) do
		if moved >= most or moved_bytes >= most_bytes then
			break
		end
		local claim, field, attempts, mark, strange = unpack(entry)
		local done
		if mark or (known == 'done' and has_taken_effect(claim)) then
			done = adopt(attempts, redis.call('HGET', KEYS[3], field))
		elseif known ~= 'unknown' and not (strange and exactly_once) then
			give_back(attempts, redis.call('HGET', KEYS[3], field))
			done = true
		end
		if done then
			redis.call('HDEL', KEYS[3], field)
		end
	end
	-- A field that nobody understands may be one of a later version, with a mark of its own.
	if known == 'done' and moved == 0 and room > 0 and left() > 0 then
		known = 'unknown'
		look_again_in(tonumber(ARGV[4]), 0.75)
	end
end
if moved > 0 then
	redis.pcall('HINCRBY', KEYS[6], 'recovered', moved)
end

local function answer_with(word)
	answer[1], answer[2], answer[3], answer[4] = word, moved, owner, left()
	return answer
end

local function take_over()
	if owner == dead and ARGV[5] ~= '1' then
		redis.call('SET', KEYS[2], own)
		owner = own
	end
end

if left() > 0 then
	if known ~= 'unknown' or moved > 0 then
		return answer_with('more')
	end
	take_over()
	return answer_with('unknown')
end
take_over()
local seen_empty = lease_end and lease_end < 0 and lease_end == math.ceil(lease_end)
if moved > 0 or (lease_end and not seen_empty) then
	look_again_in(tonumber(ARGV[3]), 0)
	return answer_with('recovered')
elseif lease_end and -lease_end > now and known ~= 'dismissed' then
	return answer_with('recovered')
elseif exactly_once and known ~= 'dismissed' then
	look_again_in(tonumber(ARGV[4]), 0)
	return answer_with('dismiss')
end
redis.call('ZREM', KEYS[1], dead)
return answer_with('forgotten')
