-- Begins every script. KEYS[1] is what all keys begin with; ARGV[1] and ARGV[2] say which server
-- asks, and under which generation of its lease.
local K, node, generation = KEYS[1], ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- The servers whose lease has not run out, as a list and as a set.
local function living()
    local list = redis.call('ZRANGEBYSCORE', K .. 'nodes', '(' .. now, '+inf')
    local set = {}
    for _, name in ipairs(list) do
        set[name] = true
    end
    return list, set
end

local function has_expired()
    local deadline = redis.call('ZSCORE', K .. 'nodes', node)
    return not deadline or tonumber(deadline) <= now
        or redis.call('HGET', K .. 'generations', node) ~= generation
end

local EXPIRED = { err = 'EXPIRED the lease of this server has run out' }

-- As many arguments as a call takes at a time.
local CHUNK = 1000

local function call_in_chunks(command, key, from, to)
    for first = from, to, CHUNK do
        redis.call(command, key, unpack(ARGV, first, math.min(first + CHUNK - 1, to)))
    end
end

-- The living holder of a topic: who alone has a part of it and need not tell anybody.
local function holder_of(topic, alive)
    local holder = redis.call('GET', K .. 'x:' .. topic)
    if holder and alive[holder] then
        return holder
    end
    return false
end

-- The parts of the other living servers: names and values by turns.
local function others(topic, alive)
    local all, list = redis.call('HGETALL', K .. 'p:' .. topic), {}
    for index = 1, #all, 2 do
        if all[index] ~= node and alive[all[index]] then
            list[#list + 1] = all[index]
            list[#list + 1] = all[index + 1]
        end
    end
    return list
end

local function members_key(owner, topic)
    return K .. 'm:' .. owner .. ':' .. topic
end

-- Removes a server's part of a topic.
local function drop(topic, owner)
    redis.call('HDEL', K .. 'p:' .. topic, owner)
    redis.call('DEL', members_key(owner, topic))
    if redis.call('GET', K .. 'x:' .. topic) == owner then
        redis.call('DEL', K .. 'x:' .. topic)
    end
    local application, channel = string.match(topic, '^(%x+):c:(.+)$')
    if application and redis.call('EXISTS', K .. 'p:' .. topic) == 0 then
        redis.call('SREM', K .. 'a:' .. application, channel)
    end
end

-- Removes some of what a server had; says how many topics are left.
local function clear(owner, most)
    for _, topic in ipairs(redis.call('SPOP', K .. 'n:' .. owner, most)) do
        drop(topic, owner)
    end
    local left = redis.call('SCARD', K .. 'n:' .. owner)
    if left == 0 then
        for _, application in ipairs(redis.call('SMEMBERS', K .. 'apps')) do
            redis.call('HDEL', K .. 'c:' .. application, owner)
        end
        redis.call('HDEL', K .. 'generations', owner)
        redis.call('ZREM', K .. 'nodes', owner)
    end
    return left
end

-- The event that a channel keeps: number, message and the milliseconds it has left.
local function kept_of(topic)
    local key = K .. 'e:' .. topic
    local kept = redis.call('HMGET', key, 'v', 'm')
    if not kept[1] then
        return {}
    end
    return { kept[1], kept[2], redis.call('PTTL', key) }
end

-- What the other living servers have of a channel: its name, their parts, how many users these
-- have together, and what the channel keeps.
local function look(application, channel, alive)
    local topic = application .. ':c:' .. channel
    local parts = others(topic, alive)
    local users, seen = 0, {}
    for index = 1, #parts, 2 do
        for _, user in ipairs(redis.call('HKEYS', members_key(parts[index], topic))) do
            if not seen[user] then
                seen[user] = true
                users = users + 1
            end
        end
    end
    return { channel, parts, users, kept_of(topic) }
end
