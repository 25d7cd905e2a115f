#!lua
-- Pushes a reply on its list. One script, so that no list without an expiry can be left behind. Without allow-oom: a
-- full Redis refuses it before anything has happened.
--
-- KEYS list    ARGV reply, ttl_ms
local length = redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return length
