-- ARGV: node, generation, topic, PUBLISH or SPUBLISH, the message for the others, the event as it is
-- kept, for how many milliseconds. The number of the event is later than all before, also where
-- Redis has forgotten them.
local topic = ARGV[3]
local key = K .. 'e:' .. topic
local before = tonumber(redis.call('HGET', key, 'v') or 0)
local number = string.format('%.0f', math.max(before + 1, time[1] * 1000000 + time[2]))
redis.call('HSET', key, 'v', number, 'm', ARGV[6])
redis.call('PEXPIRE', key, ARGV[7])
redis.call(ARGV[4], K .. 's:' .. topic, ARGV[5] .. number)
return 1
