<?php

namespace Laravel\Reverb\Tests\Laravel;

use Closure;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\Cache;
use Illuminate\Support\Facades\Event;
use Laravel\Reverb\Contracts\ApplicationProvider;
use Laravel\Reverb\Events\ChannelCreated;
use Laravel\Reverb\Events\ChannelOccupied;
use Laravel\Reverb\Events\ChannelRemoved;
use Laravel\Reverb\Events\ChannelVacated;
use Laravel\Reverb\Events\ClientEventReceived;
use Laravel\Reverb\Events\ConnectionClosed;
use Laravel\Reverb\Events\ConnectionOpened;
use Laravel\Reverb\Events\MemberAdded;
use Laravel\Reverb\Events\MemberRemoved;
use Laravel\Reverb\Events\MessageReceived;
use Laravel\Reverb\Events\MessageSent;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Protocols\Pusher\Contracts\ChannelManager;
use Laravel\Reverb\Protocols\Pusher\EventDispatcher;
use Laravel\Reverb\Servers\Reverb\EventRelay;
use Laravel\Reverb\Servers\Reverb\RestartSignal;
use Laravel\Reverb\Tests\Laravel\Support\DrivenEngine;
use Laravel\Reverb\Tests\Laravel\Support\WebSocket;
use Laravel\Reverb\Tests\Unit\Fakes\FakeEngine;
use Laravel\Reverb\Tests\Unit\Fakes\FakeServer;
use RuntimeException;

/**
 * Listeners of the application, and the server whose events they hear.
 */
class ServerEventsTest extends TestCase
{
    /**
     * What the listeners have heard.
     *
     * @var list<string>
     */
    private array $heard = [];

    protected function setUp(): void
    {
        parent::setUp();

        config(['reverb.servers.reverb.socket' => null]);
        $this->app->instance(RestartSignal::class, new RestartSignal($this->app->make('cache.store'), 0));
    }

    public function test_the_server_is_asked_for_what_somebody_listens_to(): void
    {
        $engine = $this->app->instance(Engine::class, new FakeEngine);
        $engine->server->polls = [$this->restart(...)];
        Event::listen(MessageSent::class, fn () => null);
        Event::listen(fn (ChannelVacated $event) => null);

        $this->artisan('reverb:start');

        $this->assertSame(['message_sent', 'channel_vacated'], $engine->servers[0]['events']);
    }

    public function test_the_server_is_asked_for_nothing_if_nobody_listens(): void
    {
        $engine = $this->app->instance(Engine::class, new FakeEngine);
        $engine->server->polls = [$this->restart(...)];

        $this->artisan('reverb:start');

        $this->assertSame([], $engine->servers[0]['events']);
    }

    public function test_who_listens_to_everything_does_not_mean_every_message(): void
    {
        $wanted = fn () => $this->app->make(EventRelay::class, ['applications' => collect()])->wanted();

        Event::listen('*', fn () => null);
        $this->assertNotContains('message_sent', $wanted());
        $this->assertNotContains('client_event_received', $wanted());
        $this->assertContains('connection_opened', $wanted());

        Event::listen('Laravel\Reverb\Events\Message*', fn () => null);
        Event::listen(fn (ClientEventReceived $event) => null);
        $this->assertContains('message_sent', $wanted());
        $this->assertContains('client_event_received', $wanted());
    }

    public function test_a_first_subscription_is_heard_in_the_order_of_reverb(): void
    {
        $this->hear(ChannelCreated::class, fn ($event) => $event->channel->name());
        $this->hear(ChannelRemoved::class, fn ($event) => $event->channel->name());
        $this->hear(MessageSent::class, fn ($event) => json_decode($event->message)->event);
        $this->hear(MessageReceived::class, fn ($event) => json_decode($event->message)->event);

        $this->serve(function (int $port) {
            $browser = (new WebSocket($port))->subscribe('news');
            yield from $this->until(4);
            $browser->leave();
            yield from $this->until(5);
        });

        $this->assertSame([
            'MessageSent pusher:connection_established',
            'ChannelCreated news',
            'MessageSent pusher_internal:subscription_succeeded',
            'MessageReceived pusher:subscribe',
            'ChannelRemoved news',
        ], $this->heard);
    }

    public function test_the_life_of_a_presence_channel_is_heard_in_order(): void
    {
        $this->hear(ConnectionOpened::class, fn ($event) => $event->connection->app()->id());
        $this->hear(ConnectionClosed::class, fn ($event) => $event->connection->app()->id());
        $this->hear(ChannelOccupied::class, fn ($event) => $event->channel::class.' '.json_encode($event->channel->data()));
        $this->hear(ChannelVacated::class, fn ($event) => $event->channel->name());
        $this->hear(MemberAdded::class, fn ($event) => "{$event->userId} {$event->userInfo['name']}");
        $this->hear(MemberRemoved::class, fn ($event) => $event->userId);
        $this->hear(ClientEventReceived::class, fn ($event) => "{$event->event} {$event->data['typing']} {$event->userId}");

        $this->serve(function (int $port) {
            $browser = new WebSocket($port);
            $browser->subscribe('presence-room', $this->app->make(Engine::class)->publisher([
                'app_id' => '1001', 'key' => 'test-key', 'secret' => 'test-secret',
            ])->authorizeChannel($browser->socketId, 'presence-room', '{"user_id":7,"user_info":{"name":"Ada"}}'));
            $browser->send('client-typing', ['typing' => 'yes'], 'presence-room');
            yield from $this->until(4);
            $browser->leave();
            yield from $this->until(7);
        });

        $this->assertSame([
            'ConnectionOpened 1001',
            'ChannelOccupied Laravel\Reverb\Protocols\Pusher\Channels\PresenceChannel {"presence":{"count":1,"ids":[7],"hash":{"7":{"name":"Ada"}}}}',
            'MemberAdded 7 Ada',
            'ClientEventReceived client-typing yes 7',
            'MemberRemoved 7',
            'ChannelVacated presence-room',
            'ConnectionClosed 1001',
        ], $this->heard);
    }

    public function test_a_listener_can_answer_broadcast_and_disconnect(): void
    {
        $this->hear(ChannelCreated::class, function ($event) {
            foreach ($event->channel->connections() as $connection) {
                $connection->send(json_encode(['event' => 'welcome', 'data' => [$connection->id()]]));
            }
        });
        $this->hear(MessageReceived::class, function ($event) {
            $event->connection->send('{"event":"answer"}');
            Broadcast::connection('reverb')->broadcast(['news'], 'published', []);
        });
        $this->hear(ClientEventReceived::class, function ($event) {
            $event->channel->broadcast(['event' => 'to others'], $event->connection);
            $event->channel->broadcastToAll(['event' => 'to all']);
            $event->connection->disconnect();

            return $event->connection->origin();
        });

        $this->serve(function (int $port) {
            $browser = (new WebSocket($port, origin: 'http://here'))->subscribe('news');
            yield from $this->until(2);
            $this->assertSame([$browser->socketId], $browser->expect('welcome'));
            $browser->expect('answer');
            $browser->expect('published');
            $browser->send('client-hello', [], 'news');
            yield from $this->until(4);
            $browser->expect('to all');
            $browser->expectEnd();
        }, ['reverb.apps.apps.0.allowed_origins' => ['here']]);

        $this->assertSame(
            ['ChannelCreated', 'MessageReceived', 'ClientEventReceived http://here', 'MessageReceived'],
            array_map(trim(...), $this->heard)
        );
    }

    public function test_a_listener_finds_the_channels_of_its_events_application(): void
    {
        config(['reverb.apps.apps.1' => ['app_id' => '2', 'key' => 'second-key', 'secret' => 's'] + config('reverb.apps.apps.0')]);
        $this->hear(ClientEventReceived::class, function ($event) {
            $channels = $this->app->make(ChannelManager::class);
            $others = array_diff_key($channels->connections(), [$event->connection->id() => true]);
            array_map(fn ($connection) => $connection->send('{"event":"found"}'), $others);

            return $channels->app()->id().' '.implode(' ', array_keys($channels->all())).' '.count($others);
        });

        $this->serve(function (int $port) {
            $stranger = (new WebSocket($port, 'second-key'))->subscribe('elsewhere');
            $ada = (new WebSocket($port))->subscribe('news');
            $bob = (new WebSocket($port))->subscribe('sports');
            $ada->send('client-hello', [], 'news');
            yield from $this->until(1);
            $bob->expect('found');
            $stranger->expectNothing();
        });

        $this->assertSame(['ClientEventReceived 1001 news sports 1'], $this->heard);
    }

    public function test_a_package_can_dispatch_an_event_from_inside_the_server(): void
    {
        $this->hear(MessageReceived::class, function ($event) {
            $app = $event->connection->app();
            EventDispatcher::dispatch($app, ['event' => 'to others', 'channel' => 'news', 'data' => ['a' => 1]], $event->connection);
            EventDispatcher::dispatchSynchronously($app, ['event' => 'to all', 'channels' => ['news'], 'data' => '"text"']);
            EventDispatcher::dispatch($app, ['event' => 'to nobody']);
        });

        $this->serve(function (int $port) {
            $browser = (new WebSocket($port))->subscribe('news');
            yield from $this->until(1);
            $this->assertSame('text', $browser->expect('to all'));

            $other = (new WebSocket($port))->subscribe('news');
            yield from $this->until(2);
            $this->assertSame(['a' => 1], $browser->expect('to others'));
            $this->assertSame('text', $other->expect('to all'));
        });
    }

    public function test_the_address_of_a_client_is_the_callers_unless_a_trusted_proxy_tells_another(): void
    {
        $this->hear(ConnectionOpened::class, fn ($event) => $event->connection->ip());
        $this->hear(ChannelCreated::class, fn ($event) => implode(array_map(
            fn ($connection) => $connection->ip(), $event->channel->connections()
        )));
        $forwarded = ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 203.0.113.7, 10.1.1.1'];

        foreach (['127.0.0.1,10.0.0.0/8' => '203.0.113.7', '127.0.0.1' => '10.1.1.1', '192.0.2.1' => '127.0.0.1', '' => '127.0.0.1'] as $proxies => $address) {
            $this->heard = [];
            $this->serve(function (int $port) use ($forwarded) {
                $browser = new WebSocket($port, headers: $forwarded);
                $browser->subscribe('news');
                yield from $this->until(2);
                $browser->leave();
            }, ['reverb.servers.reverb.trusted_proxies' => (string) $proxies]);

            $this->assertSame(["ConnectionOpened {$address}", "ChannelCreated {$address}"], $this->heard);
        }
    }

    public function test_a_queued_listener_knows_names_but_no_secrets_and_is_told_where_the_server_is(): void
    {
        $relay = $this->app->make(EventRelay::class, ['applications' => $this->app->make(ApplicationProvider::class)->all()]);
        $relay->attach(new FakeServer);
        $event = $relay->event([
            'event' => 'client_event_received', 'app_id' => '1001', 'socket_id' => '1.2', 'place' => 3, 'origin' => 'http://here', 'address' => '203.0.113.7',
            'channel' => 'presence-room', 'name' => 'client-hi', 'data' => '{"x":1}',
        ]);

        $text = serialize($event);
        $restored = unserialize($text);

        $this->assertStringNotContainsString('test-secret', $text);
        $this->assertSame(
            ['1.2', 'http://here', '203.0.113.7', '1001', 'presence-room', 'client-hi', ['x' => 1]],
            [$restored->connection->id(), $restored->connection->origin(), $restored->connection->ip(), $restored->connection->app()->id(),
                $restored->channel->name(), $restored->event, $restored->data]
        );

        $this->expectExceptionMessage('this one was queued: let it broadcast instead');
        $restored->connection->send('hello');
    }

    public function test_the_server_serves_others_while_a_listener_is_at_work(): void
    {
        $port = 0;
        $this->hear(ChannelCreated::class, function ($event) use (&$port) {
            if ($event->channel->name() === 'first') {
                $other = (new WebSocket($port))->subscribe('second');
                Broadcast::connection('reverb')->broadcast(['second'], 'published', []);
                $other->expect('published');
                $other->leave();
            }

            return $event->channel->name();
        });

        $this->serve(function (int $bound) use (&$port) {
            $port = $bound;
            $browser = (new WebSocket($port))->subscribe('first');
            yield from $this->until(2);
            $browser->leave();
        });

        $this->assertSame(['ChannelCreated first', 'ChannelCreated second'], $this->heard);
    }

    public function test_d17_a_listener_that_fails_is_reported_and_the_server_goes_on(): void
    {
        $reported = [];
        $this->app->make(ExceptionHandler::class)->reportable(function (RuntimeException $e) use (&$reported) {
            $reported[] = $e->getMessage();

            return false;
        });
        Event::listen(fn (ConnectionOpened $event) => throw new RuntimeException('The listener is broken'));
        $this->hear(ChannelCreated::class, fn ($event) => $event->channel->name());

        $output = $this->serve(function (int $port) {
            $browser = (new WebSocket($port))->subscribe('news');
            yield from $this->until(1);
            $browser->leave();
        }, options: ['--debug' => true]);

        $this->assertSame(['The listener is broken'], $reported);
        $this->assertSame(['ChannelCreated news'], $this->heard);
        $this->assertStringContainsString('A listener of connection_opened failed: The listener is broken', $output);
    }

    public function test_what_happens_at_the_end_of_the_server_is_heard_too(): void
    {
        $this->hear(ChannelRemoved::class, fn ($event) => $event->channel->name());
        $this->hear(ConnectionClosed::class, fn ($event) => $event->connection->id());
        $browser = null;

        $this->serve(function (int $port) use (&$browser) {
            $browser = (new WebSocket($port))->subscribe('news');
            yield;
        });

        $this->assertSame(['ChannelRemoved news', "ConnectionClosed {$browser->socketId}"], $this->heard);
    }

    /**
     * Write down each event of the class.
     */
    private function hear(string $class, Closure $describe): void
    {
        Event::listen($class, function (object $event) use ($class, $describe) {
            $this->heard[] = class_basename($class).' '.$describe($event);
        });
    }

    /**
     * Let the server go on until the listeners have heard so many events.
     */
    private function until(int $count): iterable
    {
        while (count($this->heard) < $count) {
            yield;
        }
    }

    /**
     * Serve the script, which the server goes on with while it is at work, and return the output.
     */
    private function serve(Closure $script, array $config = [], array $options = []): string
    {
        config($config);
        $this->app->instance(Engine::class, new DrivenEngine($script, $this->restart(...)));
        $this->withoutMockingConsoleOutput();
        $status = $this->artisan('reverb:start', ['--host' => '127.0.0.1', '--port' => '0', ...$options]);
        $output = Artisan::output();
        $this->assertSame(0, $status, $output);

        return $output;
    }

    private function restart(): array
    {
        Cache::forever('laravel:reverb:restart', hrtime(true));

        return [];
    }
}
