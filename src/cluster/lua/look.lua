-- ARGV: node, generation, application, then channels. Answers for each channel: its name, the parts of
-- the other living servers, how many users they have, and what it keeps.
local _, alive = living()
local answer = {}
for index = 4, #ARGV do
    answer[#answer + 1] = look(ARGV[3], ARGV[index], alive)
end
return answer
