-- ARGV: node, generation, milliseconds of the lease. Also clears away what dead servers left.
if has_expired() then
    return EXPIRED
end
redis.call('ZADD', K .. 'nodes', now + ARGV[3], node)
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', K .. 'nodes', '-inf', now, 'LIMIT', 0, 4)) do
    clear(dead, CHUNK)
end
return (living())
