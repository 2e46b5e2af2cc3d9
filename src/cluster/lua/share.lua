-- ARGV: node, generation, topic, PUBLISH or SPUBLISH, the message for the others.
if has_expired() then
    return EXPIRED
end
local topic = ARGV[3]
if redis.call('GET', K .. 'x:' .. topic) == node then
    redis.call('DEL', K .. 'x:' .. topic)
end
redis.call(ARGV[4], K .. 's:' .. topic, ARGV[5])
return 1
