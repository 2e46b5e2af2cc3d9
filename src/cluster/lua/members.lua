-- ARGV: node, generation, topic. Answers of each other living server its name, and its users and members by
-- turns.
local topic = ARGV[3]
local _, alive = living()
local parts, answer = others(topic, alive), {}
for index = 1, #parts, 2 do
    answer[#answer + 1] = { parts[index], redis.call('HGETALL', members_key(parts[index], topic)) }
end
return answer
