<?php

namespace Laravel\Reverb\Tests\Unit;

use Illuminate\Auth\GenericUser;
use Illuminate\Broadcasting\Broadcasters\PusherBroadcaster;
use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Broadcasting\PresenceChannel;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Http\Request;
use Laravel\Reverb\Broadcasting\ReverbBroadcaster;
use Laravel\Reverb\Exceptions\ExtensionNotLoaded;
use Laravel\Reverb\Tests\Unit\Fakes\FakeEngine;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;
use RuntimeException;
use Symfony\Component\HttpKernel\Exception\AccessDeniedHttpException;

class ReverbBroadcasterTest extends TestCase
{
    private const CONNECTION = [
        'driver' => 'reverb',
        'key' => 'a-key',
        'secret' => 'a-secret',
        'app_id' => '7',
        'options' => ['host' => 'localhost', 'port' => '8080', 'scheme' => 'http', 'useTLS' => false, 'path' => ''],
    ];

    private FakeEngine $engine;

    protected function setUp(): void
    {
        $this->engine = new FakeEngine;
    }

    public function test_it_is_a_pusher_broadcaster(): void
    {
        $this->assertInstanceOf(PusherBroadcaster::class, $this->broadcaster());
        $this->assertSame([], $this->engine->publishers);
    }

    public function test_one_message_goes_to_all_channels(): void
    {
        $this->broadcaster()->broadcast(
            ['news', new PrivateChannel('orders.1'), new PresenceChannel('room')], 'App\\Events\\Shipped', ['id' => 1, 'socket' => '1.2']
        );

        $this->assertSame(
            [[['news', 'private-orders.1', 'presence-room'], 'App\\Events\\Shipped', '{"id":1}', '1.2']],
            $this->engine->publisher->published
        );
    }

    public function test_without_a_socket_everybody_gets_the_event(): void
    {
        $this->broadcaster()->broadcast(['news'], 'posted', ['socket' => null]);

        $this->assertSame([[['news'], 'posted', '[]', null]], $this->engine->publisher->published);
    }

    public function test_without_a_channel_nothing_is_published(): void
    {
        $this->broadcaster()->broadcast([], 'posted', []);

        $this->assertSame([], $this->engine->publishers);
    }

    public function test_the_publisher_is_created_once_from_the_connection_and_the_servers_socket(): void
    {
        $broadcaster = $this->broadcaster([], '/run/reverb.sock');
        $broadcaster->broadcast(['a'], 'e');
        $broadcaster->broadcast(['b'], 'e');

        $this->assertSame([[
            'app_id' => '7', 'key' => 'a-key', 'secret' => 'a-secret', 'socket' => '/run/reverb.sock',
            'host' => 'localhost', 'port' => 8080, 'scheme' => 'http',
        ]], $this->engine->publishers);
    }

    public function test_what_is_empty_is_left_to_the_publisher(): void
    {
        $this->broadcaster(['options' => ['host' => '', 'port' => '', 'path' => null]])->broadcast(['a'], 'e');

        $this->assertSame(['app_id', 'key', 'secret', 'scheme'], array_keys($this->engine->publishers[0]));
    }

    public function test_guzzles_time_limits_are_kept(): void
    {
        $this->broadcaster(['client_options' => ['connect_timeout' => 0.25, 'timeout' => 3]])->broadcast(['a'], 'e');

        $this->assertSame([250, 3_000], [$this->engine->publishers[0]['connect_timeout'], $this->engine->publishers[0]['timeout']]);
    }

    public function test_no_time_limit_is_left_to_the_publisher(): void
    {
        $this->broadcaster(['client_options' => ['connect_timeout' => 0, 'timeout' => '']])->broadcast(['a'], 'e');

        $this->assertArrayNotHasKey('connect_timeout', $this->engine->publishers[0]);
        $this->assertArrayNotHasKey('timeout', $this->engine->publishers[0]);
    }

    public function test_the_client_option_verify_is_passed_on(): void
    {
        foreach ([true, false, '/etc/ssl/authority.pem'] as $verify) {
            $this->broadcaster(['client_options' => ['verify' => $verify]])->broadcast(['a'], 'e');

            $this->assertSame($verify, $this->engine->publishers[array_key_last($this->engine->publishers)]['verify']);
        }
    }

    public function test_not_waiting_is_an_option_of_the_connection(): void
    {
        $this->broadcaster(['options' => ['host' => 'localhost', 'acknowledge' => false]])->broadcast(['a'], 'e');

        $this->assertFalse($this->engine->publishers[0]['acknowledge']);
    }

    public function test_failures_that_nobody_waited_for_are_counted(): void
    {
        $this->assertSame(4, $this->broadcaster()->failures());
    }

    #[DataProvider('mistakes')]
    public function test_a_mistake_in_the_connection_is_named_with_its_variable(array $connection, string $message): void
    {
        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessageMatches('/\A'.preg_quote($message, '/').'\z/');

        $this->broadcaster($connection)->broadcast(['a'], 'e');
    }

    public static function mistakes(): array
    {
        $text = fn (string $key, string $variable) => "Cannot broadcast through Reverb: [broadcasting.connections.reverb.{$key}] is missing or empty: set {$variable} in the environment (\"php artisan reverb:install\" does)";

        return [
            [['key' => null], $text('key', 'REVERB_APP_KEY')],
            [['secret' => ''], $text('secret', 'REVERB_APP_SECRET')],
            [['app_id' => null], $text('app_id', 'REVERB_APP_ID')],
            [['options' => ['port' => 'x']], 'Cannot broadcast through Reverb: [broadcasting.connections.reverb.options.port] must be an integer from 1 to 65535, not "x"'],
            [['client_options' => ['timeout' => '5s']], 'Cannot broadcast through Reverb: [broadcasting.connections.reverb.client_options.timeout] must be a number from 0 to 600, not "5s"'],
            [['client_options' => ['timeout' => 5_000]], 'Cannot broadcast through Reverb: [broadcasting.connections.reverb.client_options.timeout] must be a number from 0 to 600, not 5000'],
            [['client_options' => ['connect_timeout' => -1]], 'Cannot broadcast through Reverb: [broadcasting.connections.reverb.client_options.connect_timeout] must be a number from 0 to 600, not -1'],
        ];
    }

    public function test_a_mistake_in_another_connection_is_named_with_that(): void
    {
        $broadcaster = new ReverbBroadcaster($this->engine, ['secret' => null] + self::CONNECTION, name: 'second');

        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('Cannot broadcast through Reverb: [broadcasting.connections.second.secret] is missing or empty: it must be a text of at least one character');

        $broadcaster->broadcast(['a'], 'e');
    }

    public function test_a_failure_becomes_a_broadcast_exception_with_its_cause(): void
    {
        $this->engine->publisher->failure = new RuntimeException('no server answers on /run/reverb.sock: start it with "php artisan reverb:start"');

        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('Cannot broadcast [posted]: no server answers on /run/reverb.sock: start it with "php artisan reverb:start"');

        $this->broadcaster()->broadcast(['news'], 'posted');
    }

    public function test_a_missing_extension_is_a_broadcast_exception_too(): void
    {
        $this->engine->failure = new ExtensionNotLoaded;

        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('Cannot broadcast through Reverb: The PHP extension "reverb" is not loaded: run');

        $this->broadcaster()->broadcast(['news'], 'posted');
    }

    public function test_data_that_is_no_json_is_refused(): void
    {
        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('Cannot broadcast [posted]: what broadcastWith() or its public properties give cannot be encoded as JSON: Malformed UTF-8 characters');

        $this->broadcaster()->broadcast(['news'], 'posted', ['text' => "\xFF"]);
    }

    public function test_a_member_that_is_no_json_is_refused(): void
    {
        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('Cannot authorize [presence-room]: what its callback returns cannot be encoded as JSON: Inf and NaN');

        $this->authorize(['channel_name' => 'presence-room', 'socket_id' => '1.2'], ['height' => NAN]);
    }

    public function test_a_socket_that_is_no_text_is_a_broadcast_exception(): void
    {
        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessageMatches('/\ACannot broadcast \[posted\]: .*\(\$socketId\) must be of type \?string, array given/');

        $this->broadcaster()->broadcast(['news'], 'posted', ['socket' => ['a', 'list']]);
    }

    public function test_a_private_channel_is_signed(): void
    {
        $this->assertSame(
            ['auth' => 'signed 1.2 private-orders.1'],
            $this->authorize(['channel_name' => 'private-orders.1', 'socket_id' => '1.2'])
        );
    }

    public function test_a_presence_channel_is_signed_with_its_member(): void
    {
        $this->assertSame(
            ['auth' => 'signed 1.2 presence-room', 'channel_data' => '{"user_id":"42","user_info":{"name":"Ada"}}'],
            $this->authorize(['channel_name' => 'presence-room', 'socket_id' => '1.2'], ['name' => 'Ada'])
        );
    }

    #[DataProvider('forgeries')]
    public function test_nothing_else_is_signed(array $input): void
    {
        $this->expectException(AccessDeniedHttpException::class);

        $this->authorize($input);
    }

    public static function forgeries(): array
    {
        return [
            'no socket' => [['channel_name' => 'private-a']],
            'a list as socket' => [['channel_name' => 'private-a', 'socket_id' => ['1.2']]],
            'a socket with a channel in it' => [['channel_name' => 'private-a', 'socket_id' => '1.2:presence-a']],
            'a socket with a newline' => [['channel_name' => 'private-a', 'socket_id' => "1.2\n"]],
            'a channel with data in it' => [['channel_name' => 'private-a:{"user_id":1}', 'socket_id' => '1.2']],
        ];
    }

    public function test_an_authenticated_user_is_signed(): void
    {
        $broadcaster = $this->broadcaster();
        $broadcaster->resolveAuthenticatedUserUsing(fn () => ['id' => 5, 'name' => 'Ada']);

        $this->assertSame(
            ['auth' => 'signed 1.2', 'user_data' => '{"id":5,"name":"Ada"}'],
            $broadcaster->resolveAuthenticatedUser($this->request(['socket_id' => '1.2']))
        );
    }

    public function test_a_request_without_an_authenticated_user_is_not_signed(): void
    {
        $this->assertNull($this->broadcaster()->resolveAuthenticatedUser($this->request(['socket_id' => '1.2'])));
    }

    public function test_an_authenticated_user_needs_an_id(): void
    {
        $broadcaster = $this->broadcaster();
        $broadcaster->resolveAuthenticatedUserUsing(fn () => ['name' => 'Ada']);

        $this->expectExceptionMessage('The callback of resolveAuthenticatedUserUsing() must return an array with an "id"');

        $broadcaster->resolveAuthenticatedUser($this->request(['socket_id' => '1.2']));
    }

    public function test_the_pusher_sdk_is_asked_for_by_name_where_it_is_missing(): void
    {
        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('The Pusher SDK is not installed: getPusher() needs "composer require pusher/pusher-php-server"');

        $this->broadcaster()->getPusher();
    }

    public function test_the_master_key_of_encrypted_channels_is_an_option_of_the_connection(): void
    {
        $this->broadcaster(['options' => ['encryption_master_key_base64' => 'a-key', 'encryption_master_key' => null]])->broadcast(['a'], 'e');

        $this->assertSame('a-key', $this->engine->publishers[0]['encryption_master_key_base64']);
        $this->assertArrayNotHasKey('encryption_master_key', $this->engine->publishers[0]);
    }

    public function test_a_signature_that_cannot_be_made_is_a_broadcast_exception(): void
    {
        $this->engine->publisher->failure = new RuntimeException('there is no key');

        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('Cannot authorize [private-encrypted-a]: there is no key');

        $this->authorize(['channel_name' => 'private-encrypted-a', 'socket_id' => '1.2']);
    }

    public function test_an_sdk_that_was_set_does_everything(): void
    {
        $sdk = new class
        {
            public array $triggered = [];

            public function trigger(...$arguments): void
            {
                $this->triggered[] = $arguments;
            }

            public function authorizeChannel(string $channel, string $socketId): string
            {
                return '{"auth":"by the sdk"}';
            }

            public function authenticateUser(string $socketId, array $user): array
            {
                return ['auth' => 'by the sdk'];
            }
        };

        $broadcaster = $this->broadcaster();
        $broadcaster->setPusher($sdk);
        $broadcaster->resolveAuthenticatedUserUsing(fn () => ['id' => 5]);
        $broadcaster->broadcast(['news'], 'posted', ['a' => 1, 'socket' => '1.2']);

        $this->assertSame($sdk, $broadcaster->getPusher());
        $this->assertSame([[['news'], 'posted', ['a' => 1], ['socket_id' => '1.2']]], $sdk->triggered);
        $this->assertSame(['auth' => 'by the sdk'], $broadcaster->resolveAuthenticatedUser($this->request(['socket_id' => '1.2'])));
        $this->assertSame(['auth' => 'by the sdk'], $broadcaster->validAuthenticationResponse(
            $this->request(['channel_name' => 'private-a', 'socket_id' => '1.2']), true
        ));
    }

    private function authorize(array $input, mixed $result = true): mixed
    {
        return $this->broadcaster()->validAuthenticationResponse($this->request($input), $result);
    }

    private function request(array $input): Request
    {
        $request = Request::create('/broadcasting/auth', 'POST', $input);
        $request->setUserResolver(fn () => new GenericUser(['id' => 42]));

        return $request;
    }

    private function broadcaster(array $connection = [], ?string $socket = null): ReverbBroadcaster
    {
        return new ReverbBroadcaster($this->engine, $connection + self::CONNECTION, $socket);
    }
}
