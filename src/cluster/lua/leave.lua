-- ARGV: node, generation, PUBLISH or SPUBLISH, the message for all. To be repeated while it answers more than
-- 0, which says how much is left to be cleared away.
redis.call('ZREM', K .. 'nodes', node)
local left = clear(node, CHUNK)
if left == 0 then
    redis.call(ARGV[3], K .. 'all', ARGV[4])
end
return left
