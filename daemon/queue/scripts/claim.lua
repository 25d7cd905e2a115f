#!lua flags=allow-oom
-- Claims commands, oldest first: those given back before those pushed. The destination is written first and the sources
-- are trimmed last, since a script does not roll back.
--
-- KEYS list, again, inflight, workers, owner, paused
-- ARGV worker, first claim number, at most so many commands, at most so many bytes, shared, only from again, longest,
--      alone from so many attempts on, whether one that is alone may come
-- Returns {'fenced' | 'late' | 'standby' | 'paused'}, {'alone'} when one is next that may not come, or {'claimed', how many had been given back, then for each of these
-- attempts and command, then the other commands}. Of a command that is longer than the longest only so much is told: an
-- element may have 512 MB.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease_end = tonumber(redis.call('ZSCORE', KEYS[4], ARGV[1]) or -1)
if lease_end < 0 then
	return {'fenced'}
elseif lease_end < now then
	return {'late'}
elseif ARGV[5] ~= '1' and redis.call('GET', KEYS[5]) ~= ARGV[1] then
	return {'standby'}
elseif redis.call('EXISTS', KEYS[6]) == 1 then
	return {'paused'}
end

local function uint(text, at, size)
	local value = 0
	for i = at, at + size - 1 do
		local byte = string.byte(text, i)
		if not byte then
			return nil
		end
		value = value * 256 + byte
	end
	return value
end

local integers = {[0xcc] = 1, [0xcd] = 2, [0xce] = 4}
local strings = {[0xd9] = 1, [0xda] = 2, [0xdb] = 4, [0xc4] = 1, [0xc5] = 2, [0xc6] = 4}

-- Reads msgpack [attempts, command]. By hand: cmsgpack refuses bin, and raises an error for what anybody may have
-- pushed there. An element that is nothing of the kind is taken for a command itself.
local function unwrap(element)
	local attempts, at = string.byte(element, 2), 3
	if string.byte(element, 1) ~= 0x92 or not attempts then
		return 0, element
	end
	if attempts > 0x7f then
		local size = integers[attempts]
		attempts = size and uint(element, at, size)
		at = at + (size or 0)
	end
	local kind = string.byte(element, at)
	if not attempts or not kind then
		return 0, element
	end
	local size
	if kind >= 0xa0 and kind <= 0xbf then
		size, at = kind - 0xa0, at + 1
	elseif strings[kind] then
		size, at = uint(element, at + 1, strings[kind]), at + 1 + strings[kind]
	end
	if not size or #element ~= at + size - 1 then
		return 0, element
	end
	return attempts, string.sub(element, at)
end

local number, most, most_bytes = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local longest, alone_from = tonumber(ARGV[7]), tonumber(ARGV[8])
local taken, taken_bytes, full = 0, 0, false
local answer, told, fields = {'claimed', 0}, 2, {}

-- Reads one element, then twice as many each time, as long as their size lets expect them to fit. Not more than a few at
-- a time: Redis does not tell the size of an element without handing it over, and sixteen that have as many megabytes as
-- they like can follow any number of small ones. The first one is taken whatever its size: what is too large to be run
-- has to leave the queue as well.
local function take(source, wrapped)
	local count, ask = 0, 1
	while not full and taken < most do
		ask = math.min(ask, most - taken)
		local elements = redis.call('LRANGE', source, -(count + ask), -(count + 1))
		for i = #elements, 1, -1 do
			local attempts, command = 0, elements[i]
			if wrapped then
				attempts, command = unwrap(command)
			end
			-- What has seen so many workers die comes by itself: should another one die, it is known whose fault
			-- it may be, and nobody else is counted as there.
			if attempts >= alone_from then
				full = true
				if taken > 0 or ARGV[9] ~= '1' then
					break
				end
			end
			local size = #command
			if taken_bytes + size > most_bytes and taken > 0 then
				full = true
				break
			end
			local field = number + taken -- a number goes to Redis with all of its digits
			if wrapped then
				told = told + 1
				answer[told] = attempts
				if attempts > 0 then
					field = string.format('%.0f:%.0f', field, attempts)
				end
			end
			taken, taken_bytes, count = taken + 1, taken_bytes + size, count + 1
			fields[2 * taken - 1], fields[2 * taken] = field, command
			told = told + 1
			answer[told] = size > longest and string.sub(command, 1, longest) or command
			if full then
				break
			end
		end
		if #elements < ask then
			break
		end
		local fitting = math.floor((most_bytes - taken_bytes) * taken / math.max(taken_bytes, 1))
		ask = math.max(1, math.min(fitting, 2 * ask, 32))
	end
	return count
end

local from_again = take(KEYS[2], true)
if full and taken == 0 then
	return {'alone'}
end
answer[2] = from_again
local from_list = 0
if ARGV[6] ~= '1' then
	from_list = take(KEYS[1], false)
end
for i = 1, 2 * taken, 512 do
	redis.call('HSET', KEYS[3], unpack(fields, i, math.min(i + 511, 2 * taken)))
end
if from_again > 0 then
	redis.call('LTRIM', KEYS[2], 0, -(from_again + 1))
end
if from_list > 0 then
	redis.call('LTRIM', KEYS[1], 0, -(from_list + 1))
end
return answer
