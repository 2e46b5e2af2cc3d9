-- ARGV: node, generation, topic. Answers 1 if this server is the topic's holder now.
if has_expired() then
    return EXPIRED
end
local topic = ARGV[3]
local _, alive = living()
local holder = holder_of(topic, alive)
if (holder and holder ~= node) or #others(topic, alive) > 0 then
    return 0
end
redis.call('SET', K .. 'x:' .. topic, node)
return 1
