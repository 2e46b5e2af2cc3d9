-- ARGV: node, generation, milliseconds of the lease. To be repeated while it answers a number,
-- which says how much of an earlier life is left to be cleared away.
local left = clear(node, CHUNK)
if left > 0 then
    return left
end
redis.call('HSET', K .. 'generations', node, generation)
redis.call('ZADD', K .. 'nodes', now + ARGV[3], node)
return (living())
