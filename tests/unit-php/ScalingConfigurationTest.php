<?php

namespace Laravel\Reverb\Tests\Unit;

use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Exceptions\InvalidServerConfiguration;
use Laravel\Reverb\Servers\Reverb\ScalingConfiguration;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;

class ScalingConfigurationTest extends TestCase
{
    private const OPEN = ['username' => '', 'password' => '', 'tls' => null];

    public function test_a_server_that_works_alone_needs_nothing(): void
    {
        $this->assertNull($this->read([], []));
        $this->assertNull($this->read(['enabled' => 'false', 'server' => ['port' => 'wrong']], []));
    }

    public function test_the_shipped_file_leads_to_the_redis_of_this_machine(): void
    {
        $server = ['url' => null, 'host' => '127.0.0.1', 'port' => '6379', 'username' => null, 'password' => null, 'database' => '0', 'timeout' => '60'];

        $this->assertSame([
            'channel' => 'reverb',
            'prefix' => '',
            'servers' => [['host' => '127.0.0.1', 'port' => 6379]],
            'database' => 0,
            ...self::OPEN,
        ], $this->read(['enabled' => true, 'channel' => 'reverb', 'server' => $server]));
    }

    /**
     * @param  array<string, mixed>  $server
     * @param  array<string, mixed>  $expected
     */
    #[DataProvider('addresses')]
    public function test_an_address_may_be_written_in_many_ways(array $server, array $expected): void
    {
        $plain = ['servers' => [['host' => 'redis', 'port' => 6379]], 'database' => 0, ...self::OPEN];
        $read = $this->read(['enabled' => true, 'server' => $server]);

        $this->assertEquals([...$plain, ...$expected], array_diff_key($read, ['channel' => 1, 'prefix' => 1]) + ['database' => 0]);
    }

    /**
     * @return array<string, array{array<string, mixed>, array<string, mixed>}>
     */
    public static function addresses(): array
    {
        $tls = ['verify_peer' => true, 'cafile' => null, 'local_cert' => null, 'local_pk' => null, 'peer_name' => null];

        return [
            'host alone' => [['host' => 'redis'], []],
            'parts' => [
                ['host' => 'redis', 'port' => '1', 'username' => 'u', 'password' => 'p', 'database' => '3'],
                ['servers' => [['host' => 'redis', 'port' => 1]], 'username' => 'u', 'password' => 'p', 'database' => 3],
            ],
            'a URL comes before parts, and numbers in passwords stay text' => [
                ['url' => 'redis://u:1e5@redis:7/2', 'host' => 'other', 'password' => 'other', 'database' => '9'],
                ['servers' => [['host' => 'redis', 'port' => 7]], 'username' => 'u', 'password' => '1e5', 'database' => 2],
            ],
            'a URL with escapes' => [['url' => 'redis://:p%40ss%2F@redis'], ['password' => 'p@ss/']],
            'TLS by URL' => [['url' => 'rediss://redis'], ['tls' => $tls]],
            'TLS by host' => [['host' => 'tls://redis'], ['tls' => $tls]],
            'TLS by scheme, as Predis takes its options' => [
                ['host' => 'redis', 'scheme' => 'tls', 'ssl' => ['cafile' => '/ca.pem', 'peer_name' => 'r', 'verify_peer' => true]],
                ['tls' => [...$tls, 'cafile' => '/ca.pem', 'peer_name' => 'r']],
            ],
            'TLS by scheme, as phpredis takes its options' => [
                ['host' => 'redis', 'scheme' => 'tls', 'context' => ['stream' => ['verify_peer' => false]]],
                ['tls' => [...$tls, 'verify_peer' => false]],
            ],
            'an IPv6 address' => [['url' => 'redis://[::1]:9'], ['servers' => [['host' => '::1', 'port' => 9]]]],
            'a socket as host' => [['host' => '/run/redis.sock', 'port' => 0], ['servers' => [['path' => '/run/redis.sock']]]],
            'a socket by scheme' => [['scheme' => 'unix', 'path' => '/run/redis.sock'], ['servers' => [['path' => '/run/redis.sock']]]],
            'a socket by URL' => [['url' => 'unix:///run/redis.sock'], ['servers' => [['path' => '/run/redis.sock']]]],
            'a list of cluster nodes' => [
                [['host' => 'a'], ['url' => 'redis://:p@b:2']],
                ['servers' => [['host' => 'a', 'port' => 6379], ['host' => 'b', 'port' => 2]], 'cluster' => true],
            ],
            'a sentinel beside the credentials' => [
                ['sentinel_host' => 's1, s2', 'sentinel_service' => 'm', 'sentinel_password' => 'sp', 'password' => 'p', 'database' => '2'],
                [
                    'servers' => [['host' => 's1', 'port' => 26379], ['host' => 's2', 'port' => 26379]],
                    'sentinel' => ['service' => 'm', 'username' => '', 'password' => 'sp'],
                    'password' => 'p',
                    'database' => 2,
                ],
            ],
        ];
    }

    public function test_without_a_server_the_redis_of_the_application_is_taken_with_its_prefix(): void
    {
        $redis = ['client' => 'phpredis', 'options' => ['prefix' => 'shop_'], 'default' => ['host' => 'redis', 'port' => 1, 'database' => '4']];
        $expected = ['channel' => 'reverb', 'prefix' => 'shop_', 'servers' => [['host' => 'redis', 'port' => 1]], 'database' => 4, ...self::OPEN];

        $this->assertSame($expected, $this->read(['enabled' => true, 'server' => []], $redis));
        $this->assertSame($expected, $this->read(['enabled' => true], $redis));

        $redis['default']['prefix'] = 'own_';
        $this->assertSame('own_', $this->read(['enabled' => true], $redis)['prefix']);
        $this->assertSame('mine_', $this->read(['enabled' => true, 'prefix' => 'mine_'], $redis)['prefix']);
    }

    public function test_the_cluster_of_the_application_is_taken(): void
    {
        $redis = ['options' => ['cluster' => 'redis', 'prefix' => 'x_'], 'clusters' => ['default' => [
            ['host' => 'a', 'port' => '1', 'password' => 'p', 'database' => 0],
            ['url' => 'tls://b:2'],
        ]]];

        $this->assertSame([
            'channel' => 'shop',
            'prefix' => 'x_',
            'servers' => [['host' => 'a', 'port' => 1], ['host' => 'b', 'port' => 2]],
            'cluster' => true,
            'username' => '',
            'password' => 'p',
            'tls' => null,
        ], $this->read(['enabled' => true, 'channel' => 'shop', 'server' => []], $redis));
    }

    public function test_the_sentinels_of_predis_are_taken(): void
    {
        $redis = ['client' => 'predis', 'default' => [
            'tcp://10.0.0.1:26379?timeout=0.1',
            ['host' => '10.0.0.2', 'port' => 26380],
            'options' => ['replication' => 'sentinel', 'service' => 'mymaster', 'parameters' => ['password' => 'p', 'database' => 1]],
        ]];

        $this->assertSame([
            'channel' => 'reverb',
            'prefix' => '',
            'servers' => [['host' => '10.0.0.1', 'port' => 26379], ['host' => '10.0.0.2', 'port' => 26380]],
            'sentinel' => ['service' => 'mymaster', 'username' => '', 'password' => ''],
            'database' => 1,
            'username' => '',
            'password' => 'p',
            'tls' => null,
        ], $this->read(['enabled' => true, 'server' => []], $redis));
    }

    /**
     * @param  array<mixed>  $scaling
     * @param  array<string, mixed>  $redis
     */
    #[DataProvider('mistakes')]
    public function test_a_mistake_is_named_by_key_value_and_range(array $scaling, array $redis, string $message): void
    {
        $this->expectException(InvalidServerConfiguration::class);
        $this->expectExceptionMessageMatches('/\A'.preg_quote($message, '/').'\z/');

        $this->read(['enabled' => true, ...$scaling], $redis);
    }

    /**
     * @return list<array{array<mixed>, array<string, mixed>, string}>
     */
    public static function mistakes(): array
    {
        return [
            [['enabled' => 'maybe'], [], '[scaling.enabled] must be true or false, not "maybe"'],
            [['server' => 'redis'], [], '[scaling.server] must be an array, not "redis"'],
            [['channel' => '', 'server' => ['host' => 'a']], [], '[scaling.channel] must be a text of 1 to 200 bytes without { and }, not ""'],
            [['prefix' => '{a}', 'server' => ['host' => 'a']], [], '[scaling.prefix] must be a text of 1 to 200 bytes without { and }, not "{a}"'],
            [['server' => ['host' => 'a', 'port' => '70000']], [], '[scaling.server.port] must be an integer from 1 to 65535, not "70000"'],
            [['server' => ['host' => 'a', 'database' => 'main']], [], '[scaling.server.database] must be an integer from 0 to 1000000, not "main"'],
            [['server' => ['host' => 'a', 'timeout' => 'long']], [], '[scaling.server.timeout] must be a number of at least 0, not "long"'],
            [['server' => ['url' => 'http://:secret@a']], [], '[scaling.server.url] must be a URL that begins with redis://, rediss://, tcp://, tls:// or unix:///'],
            [['server' => ['host' => 'a', 'scheme' => 'tls', 'ssl' => ['verify_peer_name' => false]]], [], '[scaling.server.ssl.verify_peer_name] is not supported by this version: set peer_name to the name in the certificate'],
            [['server' => [['host' => 'a', 'database' => 2]]], [], '[scaling.server.0.database] must be 0, the only database of a cluster, not 2'],
            [[], [], '[database.redis.default] must be the Redis of the application, or scaling.server be set, not null'],
            [[], ['default' => ['host' => 'a', 'port' => -1]], '[database.redis.default.port] must be an integer from 1 to 65535, not -1'],
            [[], ['options' => ['prefix' => '{x}'], 'default' => ['host' => 'a']], '[database.redis.options.prefix] must be a text of 1 to 200 bytes without { and }, not "{x}"'],
        ];
    }

    /**
     * @param  array<string, mixed>  $scaling
     * @param  array<string, mixed>  $redis
     * @return array<string, mixed>|null
     */
    private function read(array $scaling, array $redis = []): ?array
    {
        return (new ScalingConfiguration(new Section('scaling', $scaling), new Section('database.redis', $redis)))->toArray();
    }
}
