<?php

namespace Laravel\Reverb\Tests\Laravel;

use Illuminate\Support\Facades\Artisan;
use Reverb\Server;

class PingTest extends TestCase
{
    public function test_it_shows_the_way_and_the_round_trip(): void
    {
        $server = $this->startServer();
        $socket = $this->start(['reverb:ping'], ['REVERB_SERVER_SOCKET' => $this->temporaryPath('reverb.sock')]);
        $http = $this->start(['reverb:ping', 'reverb'], ['REVERB_SERVER_SOCKET' => '', 'REVERB_PORT' => (string) $server->port()]);

        $this->assertSame(0, $socket->wait(), $socket->output());
        $this->assertMatchesRegularExpression('/^\s*reverb \.+ unix, \d+\.\d{3} ms, 0 clients$/m', $socket->output());
        $this->assertSame(0, $http->wait(), $http->output());
        $this->assertMatchesRegularExpression('/^\s*reverb \.+ http, \d+\.\d{3} ms, 0 clients$/m', $http->output());
    }

    public function test_in_the_servers_own_process_there_is_no_way_to_go(): void
    {
        $connection = config('broadcasting.connections.reverb');
        $server = Server::start(['host' => '127.0.0.1', 'port' => 0, 'applications' => [[
            'app_id' => $connection['app_id'], 'key' => $connection['key'], 'secret' => $connection['secret'],
            'ping_interval' => 60, 'activity_timeout' => 30, 'allowed_origins' => ['*'], 'max_message_size' => 10_000,
        ]]]);
        $this->withoutMockingConsoleOutput();

        try {
            $this->assertSame(0, $this->artisan('reverb:ping'));
        } finally {
            $server->stop(0);
        }

        $this->assertMatchesRegularExpression('/^\s*reverb \.+ process, \d+\.\d{3} ms, 0 clients\s*$/m', Artisan::output());
    }

    public function test_a_failure_names_the_remedy(): void
    {
        $ping = $this->start(['reverb:ping'], ['REVERB_SERVER_SOCKET' => $this->temporaryPath('none.sock'), 'REVERB_PORT' => '1']);

        $this->assertSame(1, $ping->wait());
        $this->assertMatchesRegularExpression('/reverb \.+ FAILED\n.*none\.sock.*start it with: php artisan reverb:start/', $ping->output());
    }

    public function test_a_wrong_secret_is_told_apart(): void
    {
        $this->startServer();
        $ping = $this->start(['reverb:ping'], ['REVERB_SERVER_SOCKET' => $this->temporaryPath('reverb.sock'), 'REVERB_APP_SECRET' => 'another']);

        $this->assertSame(1, $ping->wait());
        $this->assertStringContainsString('refuses the secret of application', $ping->output());
    }

    public function test_without_a_connection_it_says_so(): void
    {
        $this->withoutMockingConsoleOutput();
        config(['broadcasting.connections.second' => ['driver' => 'reverb']]);

        $this->assertSame(1, $this->artisan('reverb:ping', ['connection' => 'none']));
        $this->assertStringContainsString('There is no broadcasting connection [none] with the driver [reverb], but there is [reverb], [second].', $this->shown());

        config(['broadcasting.connections' => ['pusher' => ['driver' => 'pusher']]]);
        $this->assertSame(1, $this->artisan('reverb:ping'));
        $this->assertStringContainsString('There is no broadcasting connection with the driver [reverb]: run "php artisan reverb:install".', $this->shown());
    }

    public function test_a_round_trip_is_waited_for_whatever_the_connection_says(): void
    {
        config([
            'broadcasting.connections.reverb.options.acknowledge' => false,
            'reverb.servers.reverb.socket' => $this->temporaryPath('reverb.sock'),
        ]);
        $this->startServer(environment: ['REVERB_MAX_REQUEST_SIZE' => '1']);
        $this->withoutMockingConsoleOutput();

        $this->assertSame(1, $this->artisan('reverb:ping'));
        $this->assertStringContainsString('the event `ping` is too large', $this->shown());
        $this->assertStringNotContainsString('earlier', $this->shown());
    }

    public function test_a_mistake_is_named_with_its_connection(): void
    {
        config(['broadcasting.connections.second' => ['driver' => 'reverb', 'app_id' => '2', 'key' => 'k']]);
        $this->withoutMockingConsoleOutput();

        $this->assertSame(1, $this->artisan('reverb:ping', ['connection' => 'second']));
        $this->assertStringContainsString('[broadcasting.connections.second.secret] is missing or empty', $this->shown());
    }

    /**
     * Get what the last command has written, in one line.
     */
    private function shown(): string
    {
        return preg_replace('/\s+/', ' ', Artisan::output());
    }
}
