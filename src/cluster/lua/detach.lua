-- ARGV: node, generation, topic, PUBLISH or SPUBLISH, the message for the others.
if has_expired() then
    return EXPIRED
end
local topic = ARGV[3]
drop(topic, node)
redis.call('SREM', K .. 'n:' .. node, topic)
redis.call(ARGV[4], K .. 's:' .. topic, ARGV[5])
return 1
