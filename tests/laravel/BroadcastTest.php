<?php

namespace Laravel\Reverb\Tests\Laravel;

use App\Events\MessagePosted;
use App\Models\User;
use Closure;
use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Broadcasting\EncryptedPrivateChannel;
use Illuminate\Console\Scheduling\Schedule;
use Illuminate\Contracts\Broadcasting\ShouldRescue;
use Illuminate\Foundation\Application;
use Illuminate\Support\Arr;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\Exceptions;
use Laravel\Reverb\Reverb;
use Laravel\Reverb\Tests\Laravel\Support\Artisan;
use Laravel\Reverb\Tests\Laravel\Support\OrderRescued;
use Laravel\Reverb\Tests\Laravel\Support\OrderRescuedNow;
use Laravel\Reverb\Tests\Laravel\Support\WebSocket;
use PHPUnit\Framework\Attributes\DataProvider;

/**
 * Laravel events from other processes than the server's, as a browser sees them.
 */
class BroadcastTest extends TestCase
{
    private Artisan $server;

    private WebSocket $browser;

    protected function setUp(): void
    {
        parent::setUp();

        $this->server = $this->startServer();
        $this->browser = new WebSocket($this->server->port());
        $this->configure(['reverb.servers.reverb.socket' => $this->temporaryPath('reverb.sock')]);
    }

    public function test_events_of_the_command_line_arrive_in_order(): void
    {
        $this->browser->subscribe('messages');
        $this->assertRuns(['messages:post', 'Hello', '--times=50'], []);

        $this->assertSame(range(1, 50), $this->numbers(50));
        $this->browser->expectNothing();
    }

    public function test_events_of_a_queue_worker_arrive_in_order(): void
    {
        $this->browser->subscribe('messages');
        $this->assertRuns(['messages:post', 'Hello', '--times=20'], ['QUEUE_CONNECTION' => 'database']);
        $this->browser->expectNothing();
        $this->assertRuns(['queue:work', '--stop-when-empty', '--sleep=0', '--tries=1'], ['QUEUE_CONNECTION' => 'database']);

        $this->assertSame(range(1, 20), $this->numbers(20));
        $this->browser->expectNothing();
    }

    public function test_events_of_the_scheduler_and_of_what_it_starts_arrive(): void
    {
        $this->browser->subscribe('messages');
        $schedule = $this->app->make(Schedule::class);
        $schedule->call(fn () => MessagePosted::dispatch('Hello', 'Ada', 1))->everyMinute();
        $schedule->command('messages:post', ['Hello'])->everyMinute();

        $this->withEnvironment('REVERB_SERVER_SOCKET', $this->temporaryPath('reverb.sock'), function () {
            $this->artisan('schedule:run')->assertSuccessful();
        });

        $this->assertSame([1, 1], $this->numbers(2));
        $this->browser->expectNothing();
    }

    public function test_a_process_that_makes_a_driver_for_each_request_keeps_one_connection(): void
    {
        $server = $this->startServer(['--debug'], ['REVERB_SERVER_SOCKET' => $this->temporaryPath('loop.sock')]);
        $browser = (new WebSocket($server->port()))->subscribe('messages');

        foreach (range(1, 20) as $number) {
            $this->configure(['reverb.servers.reverb.socket' => $this->temporaryPath('loop.sock')]);
            MessagePosted::dispatch('Hello', 'Ada', $number);
            $this->assertSame($number, $browser->expect('App\\Events\\MessagePosted')['number']);
        }

        Broadcast::connection()->broadcast(['the-last'], 'told');
        $server->waitFor('/Broadcasting To \.+ the-last/');
        $this->assertSame(1, substr_count($server->output(), 'Publisher Connected'));
    }

    public function test_events_arrive_over_http_where_there_is_no_socket(): void
    {
        $this->browser->subscribe('messages');
        $this->assertRuns(['messages:post', 'Hello', '--times=3'], [
            'REVERB_SERVER_SOCKET' => '',
            'REVERB_PORT' => (string) $this->server->port(),
        ]);

        $this->assertSame([1, 2, 3], $this->numbers(3));
    }

    public function test_an_event_has_its_name_and_its_data(): void
    {
        $this->browser->subscribe('messages');

        MessagePosted::dispatch('Grüße, "<b>"', 'Ada', 7, 1.5);

        $this->assertSame(
            ['text' => 'Grüße, "<b>"', 'author' => 'Ada', 'number' => 7, 'sentAt' => 1.5],
            $this->browser->expect('App\\Events\\MessagePosted')
        );
    }

    public function test_to_others_leaves_the_sender_out(): void
    {
        $other = (new WebSocket($this->server->port()))->subscribe('messages');
        $this->browser->subscribe('messages');

        $this->withHeader('X-Socket-ID', $this->browser->socketId)->post('/messages', ['text' => 'Hi'])->assertNoContent();

        $this->assertSame('Hi', $other->expect('App\\Events\\MessagePosted')['text']);
        $this->browser->expectNothing();
    }

    public function test_the_applications_signature_opens_a_presence_channel(): void
    {
        $signature = $this->actingAs(new User('42', 'Ada'))->post('/broadcasting/auth', [
            'channel_name' => 'presence-room', 'socket_id' => $this->browser->socketId,
        ])->assertOk()->json();

        $this->browser->subscribe('presence-room', $signature);
        Broadcast::connection()->broadcast(['presence-room', 'messages'], 'greeting', ['text' => 'Hi']);

        $this->assertSame(['text' => 'Hi'], $this->browser->expect('greeting'));
    }

    public function test_an_encrypted_event_is_read_with_the_secret_that_the_application_gives_to_subscribers(): void
    {
        $this->configure(['broadcasting.connections.reverb.options.encryption_master_key_base64' => base64_encode(random_bytes(32))]);
        $signature = $this->actingAs(new User('42', 'Ada'))->post('/broadcasting/auth', [
            'channel_name' => 'private-encrypted-room', 'socket_id' => $this->browser->socketId,
        ])->assertOk()->json();
        $this->browser->subscribe('private-encrypted-room', Arr::only($signature, 'auth'));

        Broadcast::connection()->broadcast([new EncryptedPrivateChannel('room')], 'greeting', ['text' => 'Grüße']);

        $sealed = array_map(base64_decode(...), $this->browser->expect('greeting'));
        $plain = sodium_crypto_secretbox_open($sealed['ciphertext'], $sealed['nonce'], base64_decode($signature['shared_secret']));
        $this->assertSame(['text' => 'Grüße'], json_decode($plain, true));
    }

    public function test_without_a_master_key_nothing_leaves_for_an_encrypted_channel(): void
    {
        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('Cannot broadcast [greeting]: `private-encrypted-room` is an encrypted channel: set the option `encryption_master_key_base64`');

        Broadcast::connection()->broadcast(['private-encrypted-room'], 'greeting', ['text' => 'Hi']);
    }

    public function test_one_event_for_many_channels_arrives_on_each(): void
    {
        $channels = array_map(fn ($number) => "news.{$number}", range(1, 150));
        $this->browser->subscribe('news.1')->subscribe('news.150');

        Broadcast::connection()->broadcast($channels, 'posted', []);

        $this->browser->expect('posted');
        $this->browser->expect('posted');
        $this->browser->expectNothing();
    }

    public function test_a_batch_arrives_as_a_whole_and_in_order(): void
    {
        $this->browser->subscribe('messages');

        Reverb::batch(function () {
            foreach (range(1, 50) as $number) {
                MessagePosted::dispatch('Hello', 'Ada', $number);
            }
        });

        $this->assertSame(range(1, 50), $this->numbers(50));
    }

    public function test_a_batch_over_http_arrives_in_order_though_it_is_more_than_one_request_may_be(): void
    {
        $this->configure([
            'reverb.servers.reverb.socket' => null,
            'broadcasting.connections.reverb.options.port' => $this->server->port(),
        ]);
        $this->browser->subscribe('messages');

        Reverb::batch(function () {
            foreach (range(1, 50) as $number) {
                MessagePosted::dispatch(str_repeat('x', 500), 'Ada', $number);
            }
            $this->browser->expectNothing();
        });

        $this->assertSame(range(1, 50), $this->numbers(50));
        $this->browser->expectNothing();
    }

    public function test_what_failed_without_being_waited_for_is_counted(): void
    {
        $this->configure(['broadcasting.connections.reverb.options.acknowledge' => false]);
        $before = Broadcast::connection()->failures();
        MessagePosted::dispatch(str_repeat('x', 20_000));

        try {
            Reverb::batch(fn () => MessagePosted::dispatch('Hello'));
            $this->fail('Nobody was told.');
        } catch (BroadcastException $e) {
            $this->assertStringContainsString('is too large', $e->getMessage());
        }

        $this->assertSame($before + 1, Broadcast::connection()->failures());
    }

    public function test_a_batch_tells_at_its_end_what_failed(): void
    {
        $this->browser->subscribe('messages');

        try {
            Reverb::batch(fn () => MessagePosted::dispatch(str_repeat('x', 20_000)));
            $this->fail('The batch did not fail.');
        } catch (BroadcastException $e) {
            $this->assertMatchesRegularExpression('/\ACannot broadcast a batch: the event `App\\\\Events\\\\MessagePosted` is too large/', $e->getMessage());
        }

        MessagePosted::dispatch('Hello', 'Ada', 2);
        $this->assertSame([2], $this->numbers(1));
    }

    public function test_what_is_not_waited_for_arrives_all_the_same(): void
    {
        $this->configure(['broadcasting.connections.reverb.options.acknowledge' => false]);
        $this->browser->subscribe('messages');

        MessagePosted::dispatch('Hello', 'Ada', 1);
        MessagePosted::dispatch('Hello', 'Ada', 2);

        $this->assertSame([1, 2], $this->numbers(2));
    }

    #[DataProvider('ways')]
    public function test_without_a_server_the_cause_and_the_remedy_are_named(bool $socket): void
    {
        $this->browser->leave();
        $this->server->signal(SIGTERM)->wait();
        $this->configure([
            'broadcasting.connections.reverb.options.port' => $this->server->port(),
            ...$socket ? [] : ['reverb.servers.reverb.socket' => null],
        ]);

        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessageMatches('/\ACannot broadcast \[App\\\\Events\\\\MessagePosted\]: .*php artisan reverb:start.*\z/');

        MessagePosted::dispatch('Hello');
    }

    /**
     * @param  class-string  $event
     */
    #[DataProvider('rescued')]
    public function test_a_failure_of_an_event_that_should_be_rescued_is_reported_where_the_framework_has_that(string $event): void
    {
        if (! interface_exists(ShouldRescue::class)) {
            $this->assertTrue(version_compare(Application::VERSION, '12.0', '<'));

            return;
        }

        $this->browser->leave();
        $this->server->signal(SIGTERM)->wait();
        $this->configure(['broadcasting.connections.reverb.options.port' => $this->server->port()]);
        Exceptions::fake();

        event(new $event);

        Exceptions::assertReported(fn (BroadcastException $e) => str_contains($e->getMessage(), 'php artisan reverb:start'));
        Exceptions::assertReportedCount(1);
    }

    public static function rescued(): array
    {
        return ['at once' => [OrderRescuedNow::class], 'by a queue' => [OrderRescued::class]];
    }

    public static function ways(): array
    {
        return ['with a socket' => [true], 'without a socket' => [false]];
    }

    /**
     * Change the configuration and let the driver read it anew.
     */
    private function configure(array $values): void
    {
        config($values);
        Broadcast::purge('reverb');

        require base_path('routes/channels.php');
    }

    /**
     * Expect events of messages:post and return their numbers.
     *
     * @return list<int>
     */
    private function numbers(int $count): array
    {
        return array_map(fn () => $this->browser->expect('App\\Events\\MessagePosted')['number'], range(1, $count));
    }

    /**
     * Run the callback with a variable that the processes it starts inherit.
     */
    private function withEnvironment(string $name, string $value, Closure $callback): void
    {
        $_SERVER[$name] = $value;
        putenv("{$name}={$value}");

        try {
            $callback();
        } finally {
            unset($_SERVER[$name]);
            putenv($name);
        }
    }

    private function assertRuns(array $arguments, array $environment): void
    {
        $command = $this->start($arguments, $environment + ['REVERB_SERVER_SOCKET' => $this->temporaryPath('reverb.sock')]);

        $this->assertSame(0, $command->wait(), $command->output());
    }
}
