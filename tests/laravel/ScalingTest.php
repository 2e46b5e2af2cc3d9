<?php

namespace Laravel\Reverb\Tests\Laravel;

use Illuminate\Support\Facades\Broadcast;
use Laravel\Reverb\Tests\Laravel\Support\Artisan;
use Laravel\Reverb\Tests\Laravel\Support\Redis;
use Laravel\Reverb\Tests\Laravel\Support\WebSocket;
use Reverb\Publisher;

/**
 * Several reverb:start beside one Redis are one server.
 */
class ScalingTest extends TestCase
{
    /**
     * The seconds that servers may take to hear of each other.
     */
    private const PATIENCE = 60;

    public function test_servers_are_one_and_a_broadcast_reaches_the_clients_of_all(): void
    {
        $redis = $this->redis();
        $one = $this->server($redis->port);
        $two = $this->server($redis->port);
        $browsers = [(new WebSocket($one->port()))->subscribe('messages'), (new WebSocket($two->port()))->subscribe('messages')];

        foreach ([$one, $two] as $server) {
            config(['broadcasting.connections.reverb.options.port' => $server->port(), 'broadcasting.connections.reverb.options.socket' => null]);
            Broadcast::purge('reverb');
            $this->waitForSubscriptions($server, 2);
            Broadcast::connection('reverb')->broadcast(['messages'], 'greeting', ['text' => 'Hi']);

            foreach ($browsers as $browser) {
                $this->assertSame(['text' => 'Hi'], $browser->expect('greeting'));
            }
        }

        $this->assertSame(0, $one->signal(SIGTERM)->wait(), $one->output());
    }

    public function test_a_url_leads_to_redis(): void
    {
        $redis = $this->redis('--requirepass', 'p@ss');
        $one = $this->server(1, ['REDIS_URL' => "redis://:p%40ss@127.0.0.1:{$redis->port}/3"]);

        (new WebSocket($one->port()))->subscribe('messages')->leave();
        $redis->waitForKeys(3, 'p@ss');
    }

    public function test_a_wrong_password_is_one_line_and_exit_code_one(): void
    {
        $redis = $this->redis('--requirepass', 'secret');
        $server = $this->start(['reverb:start', '--host=127.0.0.1', '--port=0'], $this->environment($redis->port, ['REDIS_PASSWORD' => 'wrong']));

        $this->assertSame(1, $server->wait());
        $this->assertMatchesRegularExpression("/ERROR  cannot use Redis at 127\.0\.0\.1:{$redis->port}: WRONGPASS .*; check scaling\.server, or the Redis connection of the application\./", $server->output());
    }

    public function test_a_redis_that_is_down_is_warned_about_and_waited_for(): void
    {
        $redis = $this->redis();
        $redis->kill();
        $server = $this->server($redis->port);

        $server->waitFor("/WARN  No connection to Redis at 127\.0\.0\.1:{$redis->port}: .*This server goes on by itself and tries again/");
        (new WebSocket($server->port()))->subscribe('messages')->leave();
        $this->assertSame(0, $server->signal(SIGTERM)->wait(), $server->output());
    }

    /**
     * Wait until the server counts so many subscriptions: of those at other servers it hears a moment after their clients.
     */
    private function waitForSubscriptions(Artisan $server, int $count): void
    {
        $publisher = new Publisher([
            'app_id' => '1001', 'key' => 'test-key', 'secret' => 'test-secret',
            'scheme' => 'http', 'host' => '127.0.0.1', 'port' => $server->port(), 'timeout' => 60_000,
        ]);

        for ($deadline = microtime(true) + self::PATIENCE; ($counted = $publisher->channel('messages', ['subscription_count'])['subscription_count']) !== $count; usleep(5_000)) {
            $this->assertLessThan($deadline, microtime(true), "{$counted} subscriptions, not {$count}: {$server->output()}");
        }
    }

    private function redis(string ...$arguments): Redis
    {
        return new Redis(dirname($this->temporaryPath('x')), ...$arguments);
    }

    /**
     * Start a server beside the Redis at the given port.
     *
     * @param  array<string, string>  $environment
     */
    private function server(int $port, array $environment = []): Artisan
    {
        static $count = 0;
        $count++;

        return $this->startServer(environment: $this->environment($port, $environment + [
            'REVERB_SERVER_SOCKET' => $this->temporaryPath("reverb-{$count}.sock"),
        ]));
    }

    /**
     * @param  array<string, string>  $environment
     * @return array<string, string>
     */
    private function environment(int $port, array $environment): array
    {
        return $environment + ['REVERB_SCALING_ENABLED' => 'true', 'REDIS_HOST' => '127.0.0.1', 'REDIS_PORT' => (string) $port];
    }
}
