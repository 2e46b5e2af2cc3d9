-- ARGV: node, generation, application, where to go on, what names begin with. Answers where to go on, and
-- of some channels what look.lua answers.
local _, alive = living()
local found = redis.call('SSCAN', K .. 'a:' .. ARGV[3], ARGV[4], 'COUNT', 200)
local answer = {}
for _, channel in ipairs(found[2]) do
    if string.sub(channel, 1, #ARGV[5]) == ARGV[5] then
        answer[#answer + 1] = look(ARGV[3], channel, alive)
    end
end
return { found[1], answer }
