<?php

namespace Laravel\Reverb\Tests\Laravel;

use Closure;
use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Support\Arr;
use Illuminate\Support\Facades\Broadcast;
use Laravel\Reverb\ApplicationManager;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Reverb;
use Laravel\Reverb\Tests\Laravel\Support\OrderShipped;
use LogicException;
use PHPUnit\Framework\Attributes\DataProvider;

/**
 * What Reverb::fake() refuses, beside what a real server and a real publisher refuse.
 */
class FakeRefusalsTest extends TestCase
{
    private const MASTER_KEY = 'broadcasting.connections.reverb.options.encryption_master_key_base64';

    private const LIMITS = 'reverb.apps.apps.0.limits';

    #[DataProvider('events')]
    public function test_it_refuses_what_a_server_refuses(array $config, array $event, ?string $refusal): void
    {
        config($config);
        Reverb::serve();
        $refusals = [
            'process' => $this->refusal($event),
            'unix' => $this->inChild(fn () => $this->refusal($event)),
            'http' => $this->inChild(fn () => $this->refusalOverHttp($event)),
        ];

        Reverb::fake();
        $this->assertSame($refusal, $this->refusal($event));
        $this->assertCount($refusal === null ? 1 : 0, Reverb::broadcasts());

        $this->assertSame([$refusal, $refusal], [$refusals['process'], $refusals['unix']]);
        // Whole requests are judged there, in the words of Laravel's validator...
        $this->assertSame($refusal === null, $refusals['http'] === null, $refusals['http'] ?? 'Nothing was refused.');
    }

    public static function events(): array
    {
        $key = [self::MASTER_KEY => base64_encode(str_repeat('k', 32))];
        $plain = [['news'], 'posted', ['id' => 1]];
        $long = str_repeat('c', 256);
        $refused = fn (string $why) => "Cannot broadcast [posted]: the Reverb server refused the event: {$why}";
        $large = fn (int $bytes) => "Cannot broadcast [posted]: the event `posted` is too large for the Reverb server ({$bytes} bytes of data); send less, or raise REVERB_MAX_REQUEST_SIZE";
        $noChannel = 'Cannot broadcast [posted]: an event needs at least one channel, and no channel name may be empty';
        $noText = 'Cannot broadcast [posted]: Reverb\Publisher::publish(): Argument #1 ($channels) must be a list of UTF-8 strings';

        return [
            'an event' => [[], $plain, null],
            'an event to others' => [[], [['news'], 'posted', ['socket' => '12.34']], null],
            'no socket id' => [[], [['news'], 'posted', ['socket' => 'undefined']], 'Cannot broadcast [posted]: `undefined` is not a socket id; it is two integers joined by a dot, such as 123.456'],
            'an empty channel name' => [[], [[''], 'posted', []], $noChannel],
            'an empty channel name among others' => [[], [['news', ''], 'posted', []], $noChannel],
            'a channel name with all kinds of characters' => [[], [['news of "today": ü/%#'], 'posted', []], null],
            'a channel name that is no UTF-8' => [[], [["\xFF"], 'posted', []], $noText],
            'the longest channel name' => [[], [[substr($long, 1)], 'posted', []], null],
            'a longer channel name' => [[], [['news', $long], 'posted', []], $refused("a channel name must not be longer than 255 bytes: \"{$long}\"")],
            'no event name' => [[], [['news'], '', []], 'Cannot broadcast []: the Reverb server refused the event: The event has no name.'],
            'an event name that is no UTF-8' => [[], [['news'], "\xFF", []], "Cannot broadcast [\xFF]: Invalid value given for argument `event`."],
            'data that is no UTF-8' => [[], [['news'], 'posted', ["\xFF"]], 'Cannot broadcast [posted]: what broadcastWith() or its public properties give cannot be encoded as JSON: Malformed UTF-8 characters, possibly incorrectly encoded'],
            'a large event' => [[], [['news'], 'posted', [str_repeat('x', 9_000)]], null],
            'a larger event' => [[], [['news'], 'posted', [str_repeat('x', 10_000)]], $large(10_004)],
            'a larger event for a server that takes it' => [['reverb.servers.reverb.max_request_size' => '20000'], [['news'], 'posted', [str_repeat('x', 10_000)]], null],
            'many channels' => [[], [array_map(fn (int $number) => "news-{$number}", range(1, 200)), 'posted', []], null],
            'many long channel names' => [[], [array_map(fn (int $number) => str_pad("{$number}", 200, 'c'), range(1, 50)), 'posted', []], $large(2)],
            'an event name over its limit' => [[self::LIMITS.'.event_name_length' => 5], $plain, $refused("the event's name is longer than 5 bytes (event_name_length)")],
            'data over its limit' => [[self::LIMITS.'.event_data_size' => 7], $plain, $refused("the event's data is larger than 7 bytes (event_data_size)")],
            'data within its limit' => [[self::LIMITS.'.event_data_size' => 8], $plain, null],
            'more channels than allowed' => [[self::LIMITS.'.channels_per_event' => '1'], [['news', 'sport'], 'posted', []], $refused('the event goes to more than 1 channels (channels_per_event)')],
            'a channel name over its limit' => [[self::LIMITS.'.channel_name_length' => 3], $plain, $refused("a channel's name is longer than 3 bytes (channel_name_length)")],
            'an encrypted channel' => [$key, [['private-encrypted-a'], 'posted', ['id' => 1]], null],
            'an encrypted channel without a key' => [[self::MASTER_KEY => null], [['private-encrypted-a'], 'posted', []], 'Cannot broadcast [posted]: `private-encrypted-a` is an encrypted channel: set the option `encryption_master_key_base64` to 32 random bytes in base64, for example the output of: openssl rand -base64 32'],
            'an encrypted channel among others' => [$key, [['news', 'private-encrypted-a'], 'posted', []], 'Cannot broadcast [posted]: `private-encrypted-a` is an encrypted channel: an event for it cannot be for other channels too'],
            'what is too large once it is encrypted' => [$key + [self::LIMITS.'.event_data_size' => 8], [['private-encrypted-a'], 'posted', ['id' => 1]], $refused("the event's data is larger than 8 bytes (event_data_size)")],
        ];
    }

    public function test_the_size_is_counted_as_on_this_machine(): void
    {
        // "news", "posted" and the data are 10,000 bytes, and a request has a few more...
        $event = [['news'], 'posted', [str_repeat('x', 9_986)]];
        Reverb::serve();

        $this->assertNull($this->refusal($event));
        $this->assertNull($this->inChild(fn () => $this->refusal($event)));
        $this->assertStringContainsString('too large', $this->inChild(fn () => $this->refusalOverHttp($event)));

        Reverb::fake();
        $this->assertNull($this->refusal($event));
        $event[2][0] .= 'x';
        $this->assertStringContainsString('too large', $this->refusal($event));
    }

    #[DataProvider('mistakes')]
    public function test_it_refuses_a_connection_that_the_publisher_refuses(array $config, string $refusal): void
    {
        config(Arr::prependKeysWith($config, 'broadcasting.connections.reverb.'));
        Broadcast::purge('reverb');
        $event = [['news'], 'posted', []];

        $this->assertSame("Cannot broadcast through Reverb: {$refusal}", $this->refusal($event));

        Reverb::fake();
        $this->assertSame("Cannot broadcast through Reverb: {$refusal}", $this->refusal($event));
    }

    public static function mistakes(): array
    {
        $name = 'broadcasting.connections.reverb';
        $missing = fn (string $key, string $variable) => "[{$name}.{$key}] is missing or empty: set {$variable} in the environment (\"php artisan reverb:install\" does)";

        return [
            [['app_id' => null], $missing('app_id', 'REVERB_APP_ID')],
            [['key' => ''], $missing('key', 'REVERB_APP_KEY')],
            [['app_id' => '', 'secret' => null], $missing('app_id', 'REVERB_APP_ID')],
            [['secret' => ['s']], "[{$name}.secret] must be a text, not array"],
            [['options.port' => '70000'], "[{$name}.options.port] must be an integer from 1 to 65535, not \"70000\""],
            [['options.scheme' => 'wss'], "the publisher's option `scheme` must be `http` or `https`, not `wss`"],
            [['options.host' => 'my host'], "the publisher's option `host` must be a host name or an address, not `my host`"],
            [['client_options.timeout' => '5s'], "[{$name}.client_options.timeout] must be a number from 0 to 600, not \"5s\""],
            [['options.encryption_master_key' => 'short'], "the publisher's option `encryption_master_key` must be a key of 32 bytes, not of 5"],
            [
                ['options.encryption_master_key' => str_repeat('k', 32), 'options.encryption_master_key_base64' => 'a'],
                "the publisher's options `encryption_master_key_base64` and `encryption_master_key` are two forms of one key: set only one",
            ],
        ];
    }

    public function test_without_any_credentials_it_has_its_own(): void
    {
        config(Arr::prependKeysWith(['app_id' => null, 'key' => '', 'secret' => null], 'broadcasting.connections.reverb.'));
        config(['reverb.apps.apps.0.app_id' => null, 'reverb.apps.apps.0.key' => null, self::LIMITS.'.event_name_length' => 5]);
        Reverb::fake();

        $this->assertNull($this->refusal([['news'], 'short', []]));
        $this->assertStringContainsString('(event_name_length)', $this->refusal([['news'], 'longer', []]));
    }

    public function test_a_limit_with_which_no_server_starts_is_named(): void
    {
        config([self::LIMITS.'.event_data_size' => 'x']);
        Reverb::fake();

        $this->assertSame(
            'Cannot broadcast [posted]: [reverb.apps.apps.0.limits.event_data_size] must be an integer from 1 to 1073741824, not "x"',
            $this->refusal([['news'], 'posted', []])
        );
    }

    public function test_each_connection_has_the_limits_of_its_application(): void
    {
        config([
            'broadcasting.connections.second' => ['driver' => 'reverb', 'key' => 'k', 'secret' => 's', 'app_id' => '2'],
            'reverb.apps.apps.1' => ['app_id' => '2', 'limits' => ['event_name_length' => 5]],
        ]);
        Reverb::fake();

        Broadcast::connection('reverb')->broadcast(['news'], 'posted');
        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('(event_name_length)');
        Broadcast::connection('second')->broadcast(['news'], 'posted');
    }

    public function test_a_provider_of_the_applications_own_is_not_asked(): void
    {
        config(['reverb.apps.provider' => 'database', self::LIMITS.'.event_name_length' => 5]);
        $this->app->make(ApplicationManager::class)->extend('database', fn () => throw new LogicException('There is no database.'));
        Reverb::fake();

        $this->assertNull($this->refusal([['news'], 'posted', []]));
        $this->assertStringContainsString('too large', $this->refusal([['news'], 'posted', [str_repeat('x', 10_000)]]));
    }

    public function test_an_event_of_a_batch_is_refused(): void
    {
        Reverb::fake();

        try {
            Reverb::batch(function () {
                OrderShipped::dispatch(1);
                Broadcast::connection()->broadcast(['news'], '');
            });
            $this->fail('Nothing was refused.');
        } catch (BroadcastException) {
            Reverb::assertBroadcastCount(1);
        }
    }

    /**
     * Get why the event is refused, whoever it is that refuses it.
     */
    private function refusal(array $event): ?string
    {
        try {
            Broadcast::connection()->broadcast(...$event);
        } catch (BroadcastException $e) {
            return preg_replace(
                ['/the Reverb server (?:of this process|at \S+)/', '/Publisher::check\(\)/'], ['the Reverb server', 'Publisher::publish()'], $e->getMessage()
            );
        }

        return null;
    }

    private function refusalOverHttp(array $event): ?string
    {
        Broadcast::connection()->connect($this->app->make(Engine::class), config('broadcasting.connections.reverb'), null);

        return $this->refusal($event);
    }

    /**
     * Run a closure in a child of this process, which has no server of its own, and get what it returns.
     */
    private function inChild(Closure $closure): ?string
    {
        file_put_contents($result = $this->temporaryPath('result'), serialize('The child said nothing.'));

        if (($child = pcntl_fork()) === 0) {
            try {
                file_put_contents($result, serialize($closure()));
            } finally {
                pcntl_exec('/bin/true');
            }
        }

        pcntl_waitpid($child, $status);

        return unserialize(file_get_contents($result));
    }
}
