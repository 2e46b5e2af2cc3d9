<?php

namespace Laravel\Reverb\Tests\Laravel;

use Illuminate\Support\Arr;
use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\Cache;
use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Contracts\ApplicationProvider;
use Laravel\Reverb\Exceptions\InvalidServerConfiguration;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\ReverbServiceProvider;
use Laravel\Reverb\Servers\Reverb\RestartSignal;
use Laravel\Reverb\Servers\Reverb\ServerConfiguration;
use Laravel\Reverb\Tests\Unit\Fakes\FakeEngine;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\Attributes\TestWith;

/**
 * Every key of config/reverb.php: what is wrong is said before the server starts, what is missing has its fallback.
 */
class ConfigurationTest extends TestCase
{
    private const SERVER = 'servers.reverb.';

    private const APPLICATION = 'apps.apps.0.';

    /**
     * Keys that other tests speak for: those of another driver, of scaling, and what is told to clients.
     */
    private const ELSEWHERE = ['servers.reverb.scaling.', 'servers.reverb.options.', 'apps.apps.0.options.'];

    private FakeEngine $engine;

    protected function setUp(): void
    {
        parent::setUp();

        $this->engine = $this->app->instance(Engine::class, new FakeEngine);
        $this->restartAtOnce();
    }

    #[DataProvider('wrongValues')]
    public function test_a_wrong_value_is_told_before_the_start_with_its_key_and_its_range(string $key, mixed $value, string $range): void
    {
        config(["reverb.{$key}" => $value]);

        $this->assertRefused("[reverb.{$key}] must be {$range}, not ".(is_scalar($value) ? json_encode($value, JSON_UNESCAPED_SLASHES) : get_debug_type($value)).'.');
    }

    #[DataProvider('missingTexts')]
    public function test_a_missing_text_is_told_before_the_start(string $key, mixed $value, string $variable): void
    {
        config(["reverb.{$key}" => $value]);

        $this->assertRefused("[reverb.{$key}] is missing or empty: set {$variable} in the environment (\"php artisan reverb:install\" does).");
    }

    public function test_no_key_of_the_packaged_file_is_left_out(): void
    {
        $tested = array_column([...$this->wrongValues(), ...$this->missingTexts(), ...$this->wrongRates()], 0);
        $untested = array_filter(
            array_diff(array_keys(Arr::dot(require __DIR__.'/../../php/config/reverb.php')), $tested),
            fn (string $key) => ! str_starts_with(str_replace(self::ELSEWHERE, '#', $key), '#')
                && $key !== self::APPLICATION.'allowed_origins.0'
        );

        $this->assertSame(['default'], array_values($untested));
    }

    public static function wrongValues(): array
    {
        return [
            ...self::integers(self::SERVER, [
                'port' => [0, 65_535],
                'max_request_size' => [1, 1_073_741_824],
                'workers' => [0, 1_024],
                'max_backlog' => [1_024, 1_073_741_824],
                'cache_ttl' => [1, 86_400],
                'coalesce' => [0, 100_000],
                'pulse_ingest_interval' => [1, 86_400],
                'telescope_ingest_interval' => [1, 86_400],
                'auth_timestamp_tolerance' => [0, 31_536_000],
                'coalesce' => [0, 100_000],
            ]),
            ...self::integers('apps.', [
                'cache_ttl' => [1, 86_400],
                'unknown_ttl' => [1, 86_400],
                'lookup_timeout' => [1, 60],
                'lookups_per_second' => [1, 100_000],
            ]),
            ...self::integers(self::APPLICATION, [
                'ping_interval' => [1, 86_400],
                'activity_timeout' => [1, 86_400],
                'max_connections' => [0, 4_294_967_295],
                'max_message_size' => [0, 1_073_741_824],
                'limits.channel_name_length' => [1, 255],
                'limits.client_events_per_second' => [1, 4_294_967_295],
                ...array_fill_keys([
                    'limits.channels_per_connection', 'limits.presence_members', 'limits.member_data_size', 'limits.watchlist_size',
                    'limits.event_name_length', 'limits.event_data_size', 'limits.channels_per_event', 'limits.events_per_batch',
                ], [1, 1_073_741_824]),
            ]),
            ...self::values(self::SERVER, [
                'host' => ['an IP address such as 0.0.0.0, 127.0.0.1 or [::1]', ['localhost', '']],
                'path' => ['a path such as /ws or empty', ['/w s', '/ws?x=1', '/ws#x']],
                'hostname' => ['a text', [[], true]],
                'socket' => ['null or an absolute path of at most 107 bytes', ['reverb.sock', '/'.str_repeat('x', 107), false]],
                'compression' => ['true or false', ['deflate', 2]],
                'scaling' => ['an array', ['redis', (object) []]],
                'scaling.enabled' => ['true or false', ['perhaps']],
                'options' => ['an array', ['tls']],
                'trusted_proxies' => ['a list of "*", IP addresses and networks such as 10.0.0.0/8', ['nginx', '10.0.0.1,', '10.0.0.0/33', '::/129', '10.0.0.1/', true, 7]],
            ]),
            ...self::values(self::APPLICATION, [
                'allowed_origins' => ['a list of texts', ['*', null, [1]]],
                'accept_client_events_from' => ['"all", "members" or "none"', ['member', '', true]],
                'rate_limiting' => ['an array', ['yes', true]],
                'rate_limiting.enabled' => ['true or false', ['sometimes', 2]],
                'subscription_count' => ['true or false', ['often']],
                'options' => ['an array', ['example.com']],
                'limits' => ['an array', [5]],
            ]),
            ...self::values('', [
                'apps.provider' => ['"config" or a name that was given to Laravel\Reverb\ApplicationManager::extend()', ['database', '']],
                'apps.apps' => ['an array', ['one']],
                'apps.apps.0' => ['an array', ['one']],
                'servers.reverb' => ['an array', ['one']],
            ]),
        ];
    }

    public static function missingTexts(): array
    {
        $cases = [];

        foreach (['app_id' => 'REVERB_APP_ID', 'key' => 'REVERB_APP_KEY', 'secret' => 'REVERB_APP_SECRET'] as $key => $variable) {
            array_push($cases, [self::APPLICATION.$key, null, $variable], [self::APPLICATION.$key, '', $variable]);
        }

        return $cases;
    }

    #[DataProvider('wrongRates')]
    public function test_a_rate_limit_is_checked_once_it_is_on(string $key, mixed $value, string $range): void
    {
        config(['reverb.apps.apps.0.rate_limiting.enabled' => true, "reverb.{$key}" => $value]);

        $this->assertRefused("[reverb.{$key}] must be {$range}, not ".json_encode($value).'.');
    }

    public static function wrongRates(): array
    {
        return self::values(self::APPLICATION.'rate_limiting.', [
            'max_attempts' => ['an integer from 1 to 4294967295', [0, null, 4_294_967_296]],
            'decay_seconds' => ['an integer from 1 to 86400', [0, 86_401]],
            'terminate_on_limit' => ['true or false', ['perhaps']],
        ]);
    }

    /**
     * The fallbacks that Laravel Reverb has for files that were published by its older versions.
     */
    #[DataProvider('fallbacks')]
    public function test_a_file_that_lacks_a_key_gets_its_fallback(string $key, string $native, mixed $expected): void
    {
        $reverb = config('reverb');
        Arr::forget($reverb, $key);
        config(['reverb' => $reverb]);
        (new ReverbServiceProvider($this->app))->register();
        $this->engine = $this->app->instance(Engine::class, $this->engine);

        $this->artisan('reverb:start')->run();

        $this->assertSame($expected, Arr::get($this->engine->servers[0], $native, 'nothing'));
    }

    public static function fallbacks(): array
    {
        return [
            [self::SERVER.'path', 'path', ''],
            [self::SERVER.'hostname', 'hostname', 'nothing'],
            [self::SERVER.'max_request_size', 'max_request_size', 10_000],
            [self::SERVER.'workers', 'workers', 0],
            [self::SERVER.'max_backlog', 'max_backlog', 16_777_216],
            [self::SERVER.'cache_ttl', 'cache_ttl', 1_800],
            [self::SERVER.'compression', 'compression', false],
            [self::SERVER.'auth_timestamp_tolerance', 'auth_timestamp_tolerance', 600],
            [self::SERVER.'coalesce', 'coalesce', 0],
            [self::SERVER.'trusted_proxies', 'trusted_proxies', []],
            [self::APPLICATION.'activity_timeout', 'applications.0.activity_timeout', 30],
            [self::APPLICATION.'max_connections', 'applications.0.max_connections', null],
            [self::APPLICATION.'accept_client_events_from', 'applications.0.accept_client_events_from', 'all'],
            [self::APPLICATION.'rate_limiting', 'applications.0.rate_limiting', 'nothing'],
            [self::APPLICATION.'subscription_count', 'applications.0.subscription_count', false],
            [self::APPLICATION.'options', 'applications.0.app_id', '1001'],
            [self::APPLICATION.'limits', 'applications.0.limits.presence_members', null],
            [self::SERVER.'options', 'port', 8080],
            [self::SERVER.'scaling', 'port', 8080],
            ['apps.provider', 'applications.0.app_id', '1001'],
            ['default', 'port', 8080],
        ];
    }

    public function test_a_missing_decay_is_a_second(): void
    {
        config(['reverb.apps.apps.0.rate_limiting' => ['enabled' => true, 'max_attempts' => 5]]);

        $this->artisan('reverb:start')->run();

        $this->assertSame(
            ['enabled' => true, 'max_attempts' => 5, 'decay_seconds' => 1, 'terminate_on_limit' => false],
            $this->engine->servers[0]['applications'][0]['rate_limiting']
        );
    }

    public function test_proxies_may_be_a_list_or_have_commas_in_between(): void
    {
        foreach (['*' => ['*'], '10.0.0.0/8, ::1,*' => ['10.0.0.0/8', '::1', '*'], '' => []] as $text => $list) {
            foreach ([$text, $list] as $value) {
                $this->assertSame($list, (new ServerConfiguration(
                    new Section('server', ['trusted_proxies' => $value] + config('reverb.servers.reverb')),
                    $this->app->make(ApplicationProvider::class)->all(),
                ))->toArray()['trusted_proxies']);
            }
        }
    }

    public function test_the_older_id_is_accepted(): void
    {
        $application = Arr::except(config('reverb.apps.apps.0'), 'app_id');
        config(['reverb.apps.apps' => [['id' => '77'] + $application, ['id' => '88', 'app_id' => '99', 'key' => 'other'] + $application]]);

        $this->artisan('reverb:start')->run();

        $this->assertSame(['77', '99'], array_column($this->engine->servers[0]['applications'], 'app_id'));
    }

    #[TestWith(['https://example.com'])]
    #[TestWith(['example.com:8080'])]
    #[TestWith(['example.com/'])]
    #[TestWith([' example.com'])]
    #[TestWith([''])]
    public function test_an_origin_that_nothing_can_match_is_warned_about(string $origin): void
    {
        config(['reverb.apps.apps.0.allowed_origins' => ['example.com', '*.example.com', '[::1]', $origin]]);

        $this->assertStringContainsString(
            "WARN  [reverb.apps.apps.0.allowed_origins] has \"{$origin}\", which no origin matches: write host names, without scheme and port.",
            $this->startAndRead(0)
        );
    }

    public function test_origins_that_let_nobody_in_are_warned_about(): void
    {
        config(['reverb.apps.apps.0.allowed_origins' => []]);

        $this->assertStringContainsString(
            'WARN  [reverb.apps.apps.0.allowed_origins] is empty, so that nobody may connect: "*" allows everybody.', $this->startAndRead(0)
        );
    }

    public function test_a_limit_that_there_is_not_is_warned_about(): void
    {
        config(['reverb.apps.apps.0.limits' => ['presence_members' => 5, 'presence_member' => 5]]);

        $output = $this->startAndRead(0);
        $this->assertSame(1, substr_count($output, 'WARN'), $output);
        $this->assertStringContainsString('WARN  [reverb.apps.apps.0.limits.presence_member] has no effect: there is no such limit.', $output);
    }

    public function test_parts_that_the_application_has_replaced_are_warned_about(): void
    {
        $parts = [
            'Laravel\Reverb\Protocols\Pusher\Contracts\ChannelManager', 'Laravel\Reverb\Protocols\Pusher\EventHandler',
            'Laravel\Reverb\Protocols\Pusher\Server', 'Laravel\Reverb\Servers\Reverb\Contracts\PubSubProvider',
        ];
        $this->app->singleton($parts[0], 'App\Reverb\StrictChannelManager');
        $this->app->bind($parts[1], 'App\Reverb\StrictEventHandler');
        $this->app->bind($parts[2], fn () => $this->fail('It was made.'));
        $this->app->instance($parts[3], (object) []);

        preg_match_all('/WARN  The application\'s own \[(.+)\] is not used: the server is native\./', $this->startAndRead(0), $warnings);
        $this->assertEqualsCanonicalizing($parts, $warnings[1]);
    }

    public function test_what_the_package_binds_itself_is_not_warned_about(): void
    {
        $this->startAndRead(0);
        $this->restartAtOnce();

        $this->assertStringNotContainsString('WARN', $this->startAndRead(0));
    }

    public function test_a_long_value_is_cut(): void
    {
        config(['reverb.servers.reverb.port' => str_repeat('8', 100_000)]);

        $this->assertRefused('[reverb.servers.reverb.port] must be an integer from 0 to 65535, not "'.str_repeat('8', 200).'...".');
    }

    public function test_options_of_another_kind_of_server_are_warned_about(): void
    {
        config(['reverb.servers.reverb.options' => ['tls' => [], 'tcp' => ['so_reuseport' => true], 'unix' => []]]);

        $output = $this->startAndRead(0);
        $this->assertStringContainsString('WARN  [reverb.servers.reverb.options.tcp] has no effect: the server makes its sockets itself.', $output);
        $this->assertStringNotContainsString('options.unix', $output);
    }

    public function test_servers_that_are_no_array_are_not_replaced_by_the_packaged_ones(): void
    {
        config(['reverb.servers' => 'one']);

        $this->expectException(InvalidServerConfiguration::class);
        $this->expectExceptionMessage('[reverb.servers] must be an array, not "one"');
        (new ReverbServiceProvider($this->app))->register();
    }

    /**
     * Values that are no integer, or are just outside the range.
     *
     * @param  array<string, array{int, int}>  $ranges
     */
    private static function integers(string $prefix, array $ranges): array
    {
        $cases = [];

        foreach ($ranges as $key => [$least, $most]) {
            foreach ([$least - 1, $most + 1, 'many', '1.5', true, []] as $value) {
                $cases[] = [$prefix.$key, $value, "an integer from {$least} to {$most}"];
            }
        }

        return $cases;
    }

    /**
     * @param  array<string, array{string, list<mixed>}>  $ranges
     */
    private static function values(string $prefix, array $ranges): array
    {
        $cases = [];

        foreach ($ranges as $key => [$range, $values]) {
            foreach ($values as $value) {
                $cases[] = [$prefix.$key, $value, $range];
            }
        }

        return $cases;
    }

    /**
     * Let the server be told to end as soon as it has started.
     */
    private function restartAtOnce(): void
    {
        $this->app->instance(RestartSignal::class, new RestartSignal($this->app->make('cache.store'), 0));
        $this->engine->server->polls = [function () {
            Cache::forever('laravel:reverb:restart', hrtime(true));

            return [];
        }];
    }

    private function assertRefused(string $line): void
    {
        $this->assertSame("ERROR  {$line}", trim($this->startAndRead(1)));
        $this->assertSame([], $this->engine->servers);
    }

    private function startAndRead(int $status): string
    {
        $this->withoutMockingConsoleOutput();
        $actual = $this->artisan('reverb:start');
        $output = Artisan::output();
        $this->assertSame($status, $actual, $output);

        return $output;
    }
}
