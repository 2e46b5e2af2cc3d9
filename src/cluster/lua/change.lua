-- ARGV: node, generation, topic, PUBLISH or SPUBLISH, the message for the others, the part, how
-- many arguments are users and members by turns, these, and then the users who left.
if has_expired() then
    return EXPIRED
end
local topic, FIRST = ARGV[3], 8
local last = FIRST + ARGV[7] - 1
redis.call('HSET', K .. 'p:' .. topic, node, ARGV[6])
call_in_chunks('HSET', members_key(node, topic), FIRST, last)
call_in_chunks('HDEL', members_key(node, topic), last + 1, #ARGV)
redis.call(ARGV[4], K .. 's:' .. topic, ARGV[5])
return 1
