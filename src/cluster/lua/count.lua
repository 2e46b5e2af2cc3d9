-- ARGV: node, generation, application, connections that are there, that ask to be, and how many there
-- may be (empty: as many as want). Answers how many of those that ask are let in.
if has_expired() then
    return EXPIRED
end
local application, there, asking = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local key = K .. 'c:' .. application
local admitted = asking
if ARGV[6] ~= '' then
    local _, alive = living()
    local all, room = redis.call('HGETALL', key), ARGV[6] - there
    for index = 1, #all, 2 do
        if all[index] ~= node and alive[all[index]] then
            room = room - all[index + 1]
        end
    end
    admitted = math.max(0, math.min(asking, room))
end
redis.call('SADD', K .. 'apps', application)
redis.call('HSET', key, node, there + admitted)
return admitted
