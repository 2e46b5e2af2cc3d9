<?php

namespace Laravel\Reverb\Tests\Laravel;

use App\Models\User;
use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Broadcasting\PresenceChannel;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Foundation\Application;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\Route;
use Illuminate\Testing\TestResponse;
use Laravel\Reverb\Broadcasting\ReverbBroadcaster;
use Laravel\Reverb\Reverb;
use Laravel\Reverb\Testing\ReverbServer;
use Laravel\Reverb\Tests\Laravel\Support\Order;
use Laravel\Reverb\Tests\Laravel\Support\OrderChannel;
use Laravel\Reverb\Tests\Laravel\Support\OrderShipped;
use Laravel\Reverb\Tests\Laravel\Support\WebSocket;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\Attributes\PreserveGlobalState;
use PHPUnit\Framework\Attributes\RunInSeparateProcess;

/**
 * What people use of a broadcaster besides broadcasting public events, against a server.
 */
class BroadcasterTest extends TestCase
{
    private ReverbServer $server;

    private WebSocket $browser;

    protected function setUp(): void
    {
        parent::setUp();

        config([
            'reverb.apps.apps.1' => ['app_id' => '2', 'key' => 'second-key', 'secret' => 's'] + config('reverb.apps.apps.0'),
            'broadcasting.connections.second' => ['driver' => 'reverb', 'app_id' => '2', 'key' => 'second-key', 'secret' => 's'],
        ]);

        $this->server = Reverb::serve();
        $this->browser = new WebSocket($this->server->port);
    }

    public function test_a_connection_is_found_by_its_name(): void
    {
        $this->assertInstanceOf(ReverbBroadcaster::class, Broadcast::connection('reverb'));
        $this->assertSame(Broadcast::connection('reverb'), Broadcast::driver());
        $this->assertNotSame(Broadcast::connection('reverb'), Broadcast::connection('second'));
    }

    public function test_one_event_goes_through_several_connections_to_several_applications(): void
    {
        $second = new WebSocket($this->server->port, 'second-key');
        $this->join($this->browser, 'private-orders', 'reverb');
        $this->join($second, 'private-orders', 'second');

        event((new OrderShipped(7))->broadcastVia(['reverb', 'second']));

        $this->assertSame(7, $this->browser->expect('order.shipped')['id']);
        $this->assertSame(7, $second->expect('order.shipped')['id']);
        $this->browser->expectNothing();
    }

    public function test_an_event_can_choose_its_connection(): void
    {
        $second = new WebSocket($this->server->port, 'second-key');
        $this->join($this->browser, 'private-orders', 'reverb');
        $this->join($second, 'private-orders', 'second');

        broadcast(new OrderShipped(7))->via('second');

        $this->assertSame(7, $second->expect('order.shipped')['id']);
        $this->browser->expectNothing();
    }

    public function test_a_mistake_is_named_with_its_connection(): void
    {
        config(['broadcasting.connections.second.secret' => '']);
        Broadcast::purge('second');

        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('[broadcasting.connections.second.secret] is missing or empty');

        Broadcast::connection('second')->broadcast(['news'], 'posted');
    }

    #[DataProvider('unreadable')]
    public function test_what_is_no_text_is_a_broadcast_exception(string $channel, string $event): void
    {
        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage("Cannot broadcast [{$event}]: ");

        Broadcast::connection('reverb')->broadcast([$channel], $event);
    }

    public static function unreadable(): array
    {
        return ['a channel' => ["news.\xff", 'posted'], 'a name' => ['news', "posted\xff"]];
    }

    public function test_anonymous_broadcasts_arrive_where_the_framework_has_them(): void
    {
        if (version_compare(Application::VERSION, '11.0', '<')) {
            $this->assertFalse(method_exists(BroadcastManager::class, 'on'));

            return;
        }

        $this->browser->subscribe('news');
        $this->join($this->browser, 'private-orders');
        $this->join($this->browser, 'presence-room');

        Broadcast::on('news')->send();
        Broadcast::on('news')->as('posted')->with(['id' => 1])->sendNow();
        Broadcast::private('orders')->as('placed')->with(['id' => 2])->send();
        Broadcast::presence('room')->as('entered')->via('reverb')->sendNow();
        Broadcast::on(['news', new PrivateChannel('orders')])->as('twice')->send();

        $this->assertSame([], $this->browser->expect('AnonymousEvent'));
        $this->assertSame(['id' => 1], $this->browser->expect('posted'));
        $this->assertSame(['id' => 2], $this->browser->expect('placed'));
        $this->assertSame([], $this->browser->expect('entered'));
        $this->browser->expect('twice');
        $this->browser->expect('twice');
        $this->browser->expectNothing();
    }

    public function test_to_others_leaves_the_sender_out(): void
    {
        $other = $this->join(new WebSocket($this->server->port), 'private-orders');
        $this->join($this->browser, 'private-orders');
        Route::post('/orders/{id}/ship', function (int $id) {
            broadcast(new OrderShipped($id))->toOthers();

            return response()->noContent();
        });

        $this->withHeader('X-Socket-ID', $this->browser->socketId)->post('/orders/7/ship')->assertNoContent();

        $this->assertSame(7, $other->expect('order.shipped')['id']);
        $this->browser->expectNothing();
    }

    public function test_models_are_bound_to_the_wildcards_of_channels(): void
    {
        Broadcast::channel('orders.{order}', fn (User $user, Order $order) => $user->id === $order->owner);

        $this->browser->subscribe('private-orders.17', $this->authorize('private-orders.17', '7')->assertOk()->json());
        $this->authorize('private-orders.17', '8')->assertForbidden();
        $this->authorize('private-orders.117', '7')->assertForbidden();
    }

    public function test_channel_classes_get_models_and_tell_who_is_there(): void
    {
        Broadcast::channel('orders.{order}', OrderChannel::class);

        $signature = $this->authorize('presence-orders.17', '7')->assertOk()->json();
        $this->assertSame('{"user_id":"7","user_info":{"id":"7","order":17}}', $signature['channel_data']);
        $this->browser->subscribe('presence-orders.17', $signature);
        $this->authorize('presence-orders.17', '8')->assertForbidden();

        Broadcast::connection()->broadcast([new PresenceChannel('orders.17')], 'packed', []);
        $this->assertSame([], $this->browser->expect('packed'));
    }

    public function test_a_channel_asks_its_guards(): void
    {
        config(['auth.guards.admin' => ['driver' => 'admin-header']]);
        Auth::viaRequest('admin-header', fn ($request) => $request->header('X-Admin') ? new User('1', 'Root') : null);
        Broadcast::channel('reports', fn (User $user) => $user->name === 'Root', ['guards' => ['admin']]);

        $this->authorize('private-reports', '7')->assertForbidden();
        $signature = $this->withHeader('X-Admin', 'yes')->authorize('private-reports', '7')->assertOk()->json();

        $this->browser->subscribe('private-reports', $signature);
    }

    public function test_a_user_signs_in_with_the_applications_signature(): void
    {
        Broadcast::userRoutes();
        Broadcast::resolveAuthenticatedUserUsing(fn ($request) => ['id' => $request->user()->id]);

        $signature = $this->actingAs(new User('7', 'Ada'))
            ->post('/broadcasting/user-auth', ['socket_id' => $this->browser->socketId])->assertOk()->json();

        $this->browser->send('pusher:signin', $signature);
        $this->assertSame('{"id":"7"}', $this->browser->expect('pusher:signin_success')['user_data']);

        $this->browser->subscribe('#server-to-user-7');
        Broadcast::connection()->broadcast(['#server-to-user-7'], 'greeting', ['text' => 'Hi']);
        $this->assertSame(['text' => 'Hi'], $this->browser->expect('greeting'));
    }

    public function test_without_the_sdk_the_remedy_is_named(): void
    {
        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('The Pusher SDK is not installed: getPusher() needs "composer require pusher/pusher-php-server"');

        Broadcast::connection('reverb')->getPusher();
    }

    #[RunInSeparateProcess]
    #[PreserveGlobalState(false)]
    public function test_with_the_sdk_it_is_made_as_the_framework_makes_it(): void
    {
        require __DIR__.'/Support/Packages/pusher.php';
        config(['broadcasting.connections.second.client_options' => ['timeout' => 3]]);
        Broadcast::purge('second');

        $pusher = Broadcast::connection('second')->getPusher();

        $this->assertSame(['second-key', 's', '2', $this->server->port], [$pusher->key, $pusher->secret, $pusher->appId, $pusher->options['port']]);
        $this->assertSame(3, $pusher->client->config['timeout']);
        $this->assertSame($pusher, Broadcast::connection('second')->getPusher());
        $this->assertNotSame($pusher, Broadcast::connection('reverb')->getPusher());

        // An SDK that was asked for is not the way of broadcasts: only one that is set is...
        $this->browser->subscribe('news');
        Broadcast::connection('reverb')->broadcast(['news'], 'posted', []);
        $this->browser->expect('posted');
    }

    /**
     * Let a browser subscribe to a channel that nobody is refused.
     */
    private function join(WebSocket $browser, string $channel, string $connection = 'reverb'): WebSocket
    {
        $broadcaster = Broadcast::connection($connection);
        $broadcaster->channel(preg_replace('/\A(private|presence)-/', '', $channel), fn (User $user) => ['id' => $user->id]);

        $request = request()->duplicate(request: ['channel_name' => $channel, 'socket_id' => $browser->socketId]);
        $request->setMethod('POST');
        $request->setUserResolver(fn () => new User('42', 'Ada'));

        return $browser->subscribe($channel, $broadcaster->auth($request));
    }

    private function authorize(string $channel, string $user): TestResponse
    {
        return $this->actingAs(new User($user, 'Ada'))->post('/broadcasting/auth', [
            'channel_name' => $channel, 'socket_id' => $this->browser->socketId,
        ]);
    }
}
