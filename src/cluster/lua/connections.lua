-- ARGV: node, generation, application. Answers how many connections the other living servers have.
local _, alive = living()
local all, count = redis.call('HGETALL', K .. 'c:' .. ARGV[3]), 0
for index = 1, #all, 2 do
    if all[index] ~= node and alive[all[index]] then
        count = count + all[index + 1]
    end
end
return count
