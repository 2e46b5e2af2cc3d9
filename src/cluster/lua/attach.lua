-- ARGV: node, generation, topic, PUBLISH or SPUBLISH, the message for the others, the part;
-- number, message and milliseconds of the event this server keeps, or three empty texts;
-- then users and members by turns.
-- Answers: the holder or nothing; what the channel keeps; and of each other server its name, its
-- part, and its users and members by turns.
if has_expired() then
    return EXPIRED
end
local topic, FIRST = ARGV[3], 10
redis.call('HSET', K .. 'p:' .. topic, node, ARGV[6])
redis.call('SADD', K .. 'n:' .. node, topic)
local application, channel = string.match(topic, '^(%x+):c:(.+)$')
if application then
    redis.call('SADD', K .. 'a:' .. application, channel)
end
redis.call('DEL', members_key(node, topic))
call_in_chunks('HSET', members_key(node, topic), FIRST, #ARGV)

local kept_key = K .. 'e:' .. topic
local known = redis.call('HGET', kept_key, 'v')
if ARGV[7] ~= '' and (not known or tonumber(ARGV[7]) > tonumber(known)) then
    redis.call('HSET', kept_key, 'v', ARGV[7], 'm', ARGV[8])
    redis.call('PEXPIRE', kept_key, ARGV[9])
end

local _, alive = living()
local parts = others(topic, alive)
local holder = holder_of(topic, alive)
if not holder and #parts == 0 then
    redis.call('SET', K .. 'x:' .. topic, node)
    holder = node
end
redis.call(ARGV[4], K .. 's:' .. topic, ARGV[5])

local answer = {}
for index = 1, #parts, 2 do
    local members = redis.call('HGETALL', members_key(parts[index], topic))
    answer[#answer + 1] = { parts[index], parts[index + 1], members }
end
return { holder, kept_of(topic), answer }
