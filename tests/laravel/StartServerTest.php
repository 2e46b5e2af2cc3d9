<?php

namespace Laravel\Reverb\Tests\Laravel;

use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\Cache;
use Illuminate\Support\Facades\Event;
use Laravel\Reverb\Contracts\Logger;
use Laravel\Reverb\Events\ChannelCreated;
use Laravel\Reverb\Loggers\NullLogger;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Servers\Reverb\RestartSignal;
use Laravel\Reverb\Tests\Unit\Fakes\FakeEngine;
use RuntimeException;

/**
 * The command in this process, with an engine that only remembers.
 */
class StartServerTest extends TestCase
{
    private FakeEngine $engine;

    protected function setUp(): void
    {
        parent::setUp();

        $this->engine = $this->app->instance(Engine::class, new FakeEngine);
        config(['reverb.servers.reverb.port' => 8080, 'reverb.servers.reverb.hostname' => null]);
        $this->app->instance(RestartSignal::class, new RestartSignal($this->app->make('cache.store'), 0));
        $this->stopAfter();
    }

    public function test_the_banner_says_where_the_server_really_listens(): void
    {
        $this->assertSame('INFO  Starting server on 0.0.0.0:4321.', $this->lines()[0]);
    }

    public function test_the_banner_names_another_hostname(): void
    {
        $this->assertSame(
            'INFO  Starting server on 127.0.0.1:4321/ws (ws.example.com).',
            $this->lines(['--host' => '127.0.0.1', '--path' => '/ws', '--hostname' => 'ws.example.com'])[0]
        );
    }

    public function test_the_banner_has_the_path_as_it_is_written(): void
    {
        $this->assertSame('INFO  Starting server on 127.0.0.1:4321ws.', $this->lines(['--host' => '127.0.0.1', '--path' => 'ws'])[0]);
    }

    public function test_the_banner_does_not_repeat_the_host(): void
    {
        $this->assertSame(
            'INFO  Starting server on 127.0.0.1:4321.',
            $this->lines(['--host' => '127.0.0.1', '--hostname' => '127.0.0.1'])[0]
        );
    }

    public function test_the_command_line_comes_before_the_configuration(): void
    {
        config(['reverb.servers.reverb.path' => 'configured']);

        $this->lines(['--host' => '127.0.0.2', '--port' => '9000', '--path' => '']);

        $this->assertSame(
            ['127.0.0.2', 9000, 'configured'],
            [$this->engine->servers[0]['host'], $this->engine->servers[0]['port'], $this->engine->servers[0]['path']]
        );
    }

    public function test_the_engine_is_given_the_applications(): void
    {
        $this->lines();

        $this->assertCount(1, $this->engine->servers[0]['applications']);
        $this->assertSame($expected = [
            'app_id' => '1001',
            'key' => 'test-key',
            'secret' => 'test-secret',
            'ping_interval' => 60,
            'activity_timeout' => 30,
            'allowed_origins' => ['*'],
            'max_message_size' => 10_000,
            'max_connections' => null,
            'accept_client_events_from' => 'members',
        ], array_intersect_key($this->engine->servers[0]['applications'][0], $expected));
    }

    public function test_a_restart_stops_the_server(): void
    {
        $this->assertSame('INFO  Stopping server on 0.0.0.0:4321.', $this->lines()[1]);
        $this->assertSame([5_000], $this->engine->server->stops);
    }

    public function test_notices_of_the_engine_reach_the_logger(): void
    {
        $this->stopAfter([
            ['type' => 'info', 'title' => 'Connection Established', 'message' => '1.2'],
            ['type' => 'message', 'message' => '{"event":"pusher:ping"}'],
            ['type' => 'error', 'message' => 'Message from 1.2 resulted in a pusher error'],
            ['type' => 'warning', 'message' => 'A connection was closed'],
        ]);

        $output = implode("\n", $this->lines(['--debug' => true]));

        $this->assertTrue($this->engine->servers[0]['debug']);
        $this->assertMatchesRegularExpression('/Connection Established \.+ 1\.2/', $output);
        $this->assertStringContainsString('2▕     "event": "pusher:ping"', $output);
        $this->assertStringContainsString('[ERROR] Message from 1.2 resulted in a pusher error', $output);
        $this->assertStringContainsString('WARN  A connection was closed.', $output);
    }

    public function test_a_listener_does_not_keep_a_restart_waiting(): void
    {
        $stops = [];
        Event::listen(function (ChannelCreated $event) use (&$stops) {
            Cache::forever('laravel:reverb:restart', hrtime(true));
            $stops[$event->channel->name()] = $this->engine->server->stops;
        });
        $this->engine->server->polls = [fn () => array_map(
            fn ($name) => ['type' => 'event', 'event' => 'channel_created', 'app_id' => '1001', 'channel' => $name], ['first', 'second']
        )];

        $this->lines();

        $this->assertSame(['first' => [], 'second' => [5_000]], $stops);
    }

    public function test_warnings_are_shown_without_debug_too(): void
    {
        $this->stopAfter([['type' => 'warning', 'message' => 'A connection was closed']]);

        $this->assertSame('WARN  A connection was closed.', $this->lines()[1]);
        $this->assertFalse($this->engine->servers[0]['debug']);
    }

    public function test_a_logger_of_the_application_is_served_without_debug(): void
    {
        $logger = $this->app->instance(Logger::class, new class extends NullLogger
        {
            public array $lines = [];

            public function info(string $title, ?string $message = null): void
            {
                $this->lines[] = [$title, $message];
            }
        });
        $this->stopAfter([['type' => 'info', 'title' => 'Connection Pinged', 'message' => '1.2']]);

        $this->lines();

        $this->assertTrue($this->engine->servers[0]['debug']);
        $this->assertSame([['Connection Pinged', '1.2']], $logger->lines);
    }

    public function test_a_logger_that_fails_is_warned_about_once_and_does_not_end_the_server(): void
    {
        $this->app->instance(Logger::class, new class extends NullLogger
        {
            public function info(string $title, ?string $message = null): void
            {
                throw new RuntimeException('No space left on device');
            }
        });
        $info = ['type' => 'info', 'title' => 'Connection Pinged', 'message' => '1.2'];
        $this->stopAfter([$info, $info]);

        $this->assertSame([
            'INFO  Starting server on 0.0.0.0:4321.',
            'WARN  The logger failed, and the server goes on without it: No space left on device.',
            'INFO  Stopping server on 0.0.0.0:4321.',
        ], $this->lines());
    }

    public function test_a_server_that_cannot_start_is_one_line_and_exit_code_one(): void
    {
        $this->engine->failure = new RuntimeException('The port 8080 is in use');

        $this->assertSame(['ERROR  The port 8080 is in use.'], $this->lines([], expected: 1));
    }

    public function test_two_applications_with_one_key_are_refused(): void
    {
        $application = config('reverb.apps.apps.0');
        config(['reverb.apps.apps' => [$application, ['app_id' => '1002'] + $application]]);

        $this->assertSame(
            ['ERROR  [reverb.apps.apps.1.key] has the same value as [reverb.apps.apps.0.key]: it must be unique.'],
            $this->lines([], expected: 1)
        );
        $this->assertSame([], $this->engine->servers);
    }

    public function test_a_server_that_fails_is_stopped(): void
    {
        $this->engine->server->polls = [fn () => throw new RuntimeException('broken')];

        try {
            $this->lines();
            $this->fail('The failure was swallowed.');
        } catch (RuntimeException $e) {
            $this->assertSame('broken', $e->getMessage());
        }

        $this->assertSame([5_000], $this->engine->server->stops);
    }

    /**
     * Let the engine report these notices, and ask it to restart some time after.
     */
    private function stopAfter(array $notices = []): void
    {
        $this->engine->server->polls = [fn () => $notices, function () {
            Cache::forever('laravel:reverb:restart', hrtime(true));

            return [];
        }];
    }

    /**
     * Run the command and return the lines it writes.
     *
     * @return list<string>
     */
    private function lines(array $options = [], int $expected = 0): array
    {
        $this->withoutMockingConsoleOutput();
        $status = $this->artisan('reverb:start', $options);
        $output = Artisan::output();
        $this->assertSame($expected, $status, $output);

        return array_values(array_filter(array_map('trim', explode("\n", $output))));
    }
}
