<?php

namespace Laravel\Reverb\Tests\Laravel;

use App\Events\MessagePosted;
use App\Models\User;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\Event;
use Laravel\Reverb\Events\ClientEventReceived;
use Laravel\Reverb\Events\ConnectionOpened;
use Laravel\Reverb\Exceptions\InvalidServerConfiguration;
use Laravel\Reverb\Reverb;
use Laravel\Reverb\Testing\ReverbServer;
use Laravel\Reverb\Tests\Laravel\Support\OrderShipped;
use Laravel\Reverb\Tests\Laravel\Support\WebSocket;
use PHPUnit\Framework\Attributes\DataProvider;
use RuntimeException;

/**
 * Reverb::serve(): a server in the process of the test.
 */
class ServeTest extends TestCase
{
    public function test_broadcasts_of_the_test_arrive(): void
    {
        $browser = $this->browser(Reverb::serve())->subscribe('messages');

        MessagePosted::dispatch('Hello');

        $this->assertSame('Hello', $browser->expect('App\\Events\\MessagePosted')['text']);
    }

    public function test_the_application_authorizes_the_browser(): void
    {
        Broadcast::channel('orders.{id}', fn (User $user, int $id) => $id === 7);
        $browser = $this->browser(Reverb::serve());

        $signature = $this->actingAs(new User('42', 'Ada'))->post('/broadcasting/auth', [
            'channel_name' => 'private-orders.7', 'socket_id' => $browser->socketId,
        ])->assertOk()->json();

        $browser->subscribe('private-orders.7', $signature);
        OrderShipped::dispatch(7);

        $this->assertSame(['id' => 7, 'carrier' => 'post'], $browser->expect('order.shipped'));
    }

    public function test_the_server_tells_its_address_and_its_credentials(): void
    {
        $server = Reverb::serve(['path' => 'ws']);

        $this->assertSame(['127.0.0.1', '1001', 'test-key', 'test-secret'], [$server->host, $server->appId, $server->key, $server->secret]);
        $this->assertSame(
            ['host' => '127.0.0.1', 'port' => $server->port, 'scheme' => 'http', 'useTLS' => false, 'path' => 'ws'], $server->options
        );
        $this->assertSame($server->options, config('broadcasting.connections.reverb.options'));
        $this->assertSame("ws://127.0.0.1:{$server->port}/ws/app/test-key?protocol=7&client=test&version=1.0", $server->url());
    }

    #[DataProvider('addresses')]
    public function test_the_address_is_one_that_the_server_has(string $host, string $reachable): void
    {
        $server = Reverb::serve(['host' => $host]);

        $this->assertSame($reachable, $server->host);
        $this->assertStringStartsWith("ws://{$reachable}:{$server->port}/app/", $server->url());
    }

    public static function addresses(): array
    {
        return [
            ['127.0.0.2', '127.0.0.2'],
            ['0.0.0.0', '127.0.0.1'],
        ];
    }

    public function test_with_a_certificate_the_address_says_so(): void
    {
        $keys = __DIR__.'/../tls/keys';

        $server = Reverb::serve(['options' => ['tls' => ['local_cert' => "{$keys}/certificate.pem", 'local_pk' => "{$keys}/pkcs8.pem"]]]);

        $this->assertSame(['https', true], [$server->options['scheme'], $server->options['useTLS']]);
        $this->assertStringStartsWith('wss://127.0.0.1:', $server->url());
    }

    public function test_wrong_applications_are_named(): void
    {
        config(['reverb.apps.apps' => 'mine']);

        $this->expectException(InvalidServerConfiguration::class);
        $this->expectExceptionMessage('[reverb.apps.apps] must be an array, not "mine"');

        Reverb::serve();
    }

    public function test_an_application_without_credentials_gets_some(): void
    {
        config(['broadcasting.default' => 'null', 'broadcasting.connections.reverb' => null]);
        config(['reverb.apps.apps.0' => ['app_id' => null, 'key' => '', 'secret' => null] + config('reverb.apps.apps.0')]);

        $server = Reverb::serve();
        $browser = $this->browser($server)->subscribe('messages');
        MessagePosted::dispatch('Hello');

        $this->assertSame('Hello', $browser->expect('App\\Events\\MessagePosted')['text']);
        $this->assertSame([16, 16, 16], array_map(strlen(...), [$server->appId, $server->key, $server->secret]));
    }

    public function test_each_connection_keeps_its_application(): void
    {
        config([
            'reverb.apps.apps.1' => ['app_id' => '2', 'key' => 'second-key', 'secret' => 's'] + config('reverb.apps.apps.0'),
            'broadcasting.connections.second' => ['driver' => 'reverb', 'app_id' => '2', 'key' => 'second-key', 'secret' => 's'],
        ]);
        $server = Reverb::serve();
        $first = $this->browser($server)->subscribe('news');
        $second = (new WebSocket($server->port, 'second-key'))->subscribe('news');

        Broadcast::connection('second')->broadcast(['news'], 'posted', ['for' => 'second']);
        Broadcast::connection('reverb')->broadcast(['news'], 'posted', ['for' => 'first']);

        $this->assertSame(['for' => 'first'], $first->expect('posted'));
        $this->assertSame(['for' => 'second'], $second->expect('posted'));
    }

    public function test_a_broadcaster_that_was_used_before_publishes_there(): void
    {
        Reverb::fake();
        $broadcaster = Broadcast::connection('reverb');
        $browser = $this->browser(Reverb::serve())->subscribe('news');

        $broadcaster->broadcast(['news'], 'posted', ['id' => 1]);

        $this->assertSame(['id' => 1], $browser->expect('posted'));
    }

    public function test_listeners_of_the_servers_events_are_run_when_the_test_asks_for_it(): void
    {
        $heard = [];
        Event::listen(function (ClientEventReceived $event) use (&$heard) {
            $heard[] = [$event->channel->name(), $event->event, $event->data];
            $event->connection->send('{"event":"seen","data":"{}"}');
        });
        config(['reverb.apps.apps.0.accept_client_events_from' => 'all']);
        $server = Reverb::serve();
        $browser = $this->browser($server)->subscribe('room');

        $this->assertSame(0, $server->dispatchEvents(0));
        $browser->send('client-typing', ['who' => 'Ada'], 'room');

        $this->assertSame(1, $server->dispatchEvents(10_000));
        $this->assertSame([['room', 'client-typing', ['who' => 'Ada']]], $heard);
        $browser->expect('seen');
    }

    public function test_a_listener_that_fails_fails_in_the_test(): void
    {
        Event::listen(fn (ConnectionOpened $event) => throw new RuntimeException('not today'));
        $server = Reverb::serve();
        $this->browser($server);

        $this->expectExceptionMessage('not today');
        $server->dispatchEvents(10_000);
    }

    public function test_two_in_a_row_in_one_process(): void
    {
        $first = Reverb::serve();
        $this->browser($first);
        $first->stop();

        $second = Reverb::serve();
        $browser = $this->browser($second);

        $third = Reverb::serve();
        $this->assertSame(4100, $browser->expect('pusher:error')['code']);
        $browser->expectEnd();
        $this->assertNotSame($second->port, $third->port);

        $browser = $this->browser($third)->subscribe('messages');
        MessagePosted::dispatch('Hello');
        $browser->expect('App\\Events\\MessagePosted');
    }

    public function test_it_ends_with_the_test(): void
    {
        $server = Reverb::serve();
        $socket = config('reverb.servers.reverb.socket');
        $browser = $this->browser($server);
        $this->assertFileExists($socket);

        $this->app->flush();

        $this->assertSame(4100, $browser->expect('pusher:error')['code']);
        $browser->expectEnd();
        $this->assertFileDoesNotExist($socket);
        $server->stop();
    }

    public function test_a_forked_child_publishes_to_it_and_cannot_stop_it(): void
    {
        $server = Reverb::serve();
        $browser = $this->browser($server)->subscribe('messages');

        if (($child = pcntl_fork()) === 0) {
            $server->stop();
            MessagePosted::dispatch('from a child');
            pcntl_exec('/bin/true');
        }

        $this->assertSame('from a child', $browser->expect('App\\Events\\MessagePosted')['text']);
        pcntl_waitpid($child, $status);
        $this->assertSame(0, pcntl_wexitstatus($status));

        MessagePosted::dispatch('from its parent');
        $this->assertSame('from its parent', $browser->expect('App\\Events\\MessagePosted')['text']);
    }

    private function browser(ReverbServer $server): WebSocket
    {
        return new WebSocket($server->port, $server->key);
    }
}
