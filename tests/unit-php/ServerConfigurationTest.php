<?php

namespace Laravel\Reverb\Tests\Unit;

use Laravel\Reverb\Application;
use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Exceptions\InvalidServerConfiguration;
use Laravel\Reverb\Servers\Reverb\ServerConfiguration;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;

class ServerConfigurationTest extends TestCase
{
    private const COMPLETE = [
        'host' => '127.0.0.1',
        'port' => '8080',
        'path' => 'ws',
        'hostname' => 'example.com',
        'options' => ['tls' => []],
        'max_request_size' => 20_000,
        'scaling' => ['enabled' => false],
        'socket' => '/run/reverb.sock',
        'workers' => '2',
        'max_backlog' => 5_000,
        'cache_ttl' => '60',
        'compression' => 'true',
        'auth_timestamp_tolerance' => '30',
        'coalesce' => '500',
    ];

    public function test_the_native_server_is_given_everything(): void
    {
        $application = new Application('1', 'k', 's', 60, 30, [2 => 'a', 5 => 'b'], 10_000, 9, 'none', ['enabled' => true, 'max_attempts' => '4', 'terminate_on_limit' => 'true'], [], ['presence_members' => '5'], true);

        $this->assertSame([
            'host' => '127.0.0.1',
            'port' => 8080,
            'path' => 'ws',
            'max_request_size' => 20_000,
            'options' => ['tls' => []],
            'workers' => 2,
            'socket' => '/run/reverb.sock',
            'trusted_proxies' => [],
            'max_backlog' => 5_000,
            'cache_ttl' => 60,
            'compression' => true,
            'auth_timestamp_tolerance' => 30,
            'coalesce' => 500,
            'debug' => true,
            'events' => ['message_sent'],
            'applications' => [[
                'app_id' => '1',
                'key' => 'k',
                'secret' => 's',
                'ping_interval' => 60,
                'activity_timeout' => 30,
                'allowed_origins' => ['a', 'b'],
                'max_message_size' => 10_000,
                'max_connections' => 9,
                'accept_client_events_from' => 'none',
                'limits' => [
                    'channel_name_length' => null,
                    'channels_per_connection' => null,
                    'presence_members' => 5,
                    'member_data_size' => null,
                    'client_events_per_second' => null,
                    'watchlist_size' => null,
                    'event_name_length' => null,
                    'event_data_size' => null,
                    'channels_per_event' => null,
                    'events_per_batch' => null,
                ],
                'subscription_count' => true,
                'rate_limiting' => ['enabled' => true, 'max_attempts' => 4, 'decay_seconds' => 1, 'terminate_on_limit' => true],
            ]],
            'provider' => null,
            'scaling' => null,
        ], $this->configuration([], [$application], debug: true, events: ['message_sent'])->toArray());
    }

    public function test_missing_keys_have_defaults(): void
    {
        $values = array_diff_key(self::COMPLETE, array_flip(
            ['path', 'hostname', 'options', 'max_request_size', 'scaling', 'socket', 'workers', 'max_backlog', 'cache_ttl', 'compression', 'auth_timestamp_tolerance', 'coalesce']
        ));
        $configuration = (new ServerConfiguration(new Section('server', $values), collect([$this->application()])))->toArray();

        $this->assertSame(
            ['', 10_000, 0, null, 16_777_216, 1_800, false, 600, 0, false],
            [$configuration['path'], $configuration['max_request_size'], $configuration['workers'], $configuration['socket'], $configuration['max_backlog'], $configuration['cache_ttl'], $configuration['compression'], $configuration['auth_timestamp_tolerance'], $configuration['coalesce'], $configuration['debug']]
        );
    }

    public function test_d13_the_age_of_a_request_may_be_left_unchecked(): void
    {
        foreach ([null, 0, '0'] as $off) {
            $this->assertSame(0, $this->configuration(['auth_timestamp_tolerance' => $off])->toArray()['auth_timestamp_tolerance']);
        }
    }

    #[DataProvider('hosts')]
    public function test_a_host_is_an_ip_address(mixed $host, bool $valid): void
    {
        if (! $valid) {
            $this->expectExceptionMessage(
                '[reverb.servers.reverb.host] must be an IP address such as 0.0.0.0, 127.0.0.1 or [::1], not '.json_encode($host)
            );
        }

        $this->assertSame($host, $this->configuration(['host' => $host])->toArray()['host']);
    }

    public static function hosts(): array
    {
        return [
            ['0.0.0.0', true], ['::1', true], ['[::1]', true],
            ['localhost', false], ['', false], ['127.0.0.1:80', false], ['[127.0.0.1]', false], ['[::1', false], ["127.0.0.1\n", false],
        ];
    }

    #[DataProvider('mistakes')]
    public function test_a_mistake_is_named_by_key_value_and_remedy(array $values, string $message): void
    {
        $this->expectException(InvalidServerConfiguration::class);
        $this->expectExceptionMessageMatches('/\A'.preg_quote($message, '/').'\z/');

        $this->configuration($values)->toArray();
    }

    public static function mistakes(): array
    {
        return [
            [['port' => 65_536], '[reverb.servers.reverb.port] must be an integer from 0 to 65535, not 65536'],
            [['port' => '-1'], '[reverb.servers.reverb.port] must be an integer from 0 to 65535, not "-1"'],
            [['port' => 'http'], '[reverb.servers.reverb.port] must be an integer from 0 to 65535, not "http"'],
            [['port' => null], '[reverb.servers.reverb.port] must be an integer from 0 to 65535, not null'],
            [['compression' => 'deflate'], '[reverb.servers.reverb.compression] must be true or false, not "deflate"'],
            [['path' => []], '[reverb.servers.reverb.path] must be a text, not array'],
            [['max_request_size' => 0], '[reverb.servers.reverb.max_request_size] must be an integer from 1 to 1073741824, not 0'],
            [['workers' => 5_000], '[reverb.servers.reverb.workers] must be an integer from 0 to 1024, not 5000'],
            [['socket' => 'reverb.sock'], '[reverb.servers.reverb.socket] must be null or an absolute path of at most 107 bytes, not "reverb.sock"'],
            [['max_backlog' => ''], '[reverb.servers.reverb.max_backlog] must be an integer from 1024 to 1073741824, not ""'],
            [['auth_timestamp_tolerance' => -1], '[reverb.servers.reverb.auth_timestamp_tolerance] must be an integer from 0 to 31536000, not -1'],
            [['coalesce' => 100_001], '[reverb.servers.reverb.coalesce] must be an integer from 0 to 100000, not 100001'],
            [['options' => ['tls' => '/a.pem']], '[reverb.servers.reverb.options.tls] must be an array, not "/a.pem"'],
            [['scaling' => ['enabled' => 'maybe']], '[reverb.servers.reverb.scaling.enabled] must be true or false, not "maybe"'],
        ];
    }

    public function test_tls_is_on_with_a_certificate_or_a_key(): void
    {
        $options = ['local_cert' => '/a.pem', 'local_pk' => null, 'verify_peer' => false];

        $this->assertSame(['local_cert' => '/a.pem', 'verify_peer' => false], $this->tls(['options' => ['tls' => $options]]));
        $this->assertSame(['local_pk' => '/a.key'], $this->tls(['options' => ['tls' => ['local_pk' => '/a.key']]]));
        $this->assertSame([], $this->tls(['options' => ['tls' => ['local_cert' => null, 'verify_peer' => false]]]));
        $this->assertSame([], $this->tls(['options' => []]));
        $this->assertSame([], $this->tls(['options' => ['tls' => null]]));
    }

    private function tls(array $values): array
    {
        return $this->configuration($values)->toArray()['options']['tls'];
    }

    public function test_a_value_of_the_command_line_is_named_as_there(): void
    {
        $this->expectExceptionMessage('[--port] must be an integer from 0 to 65535, not "x"');

        $section = new Section('reverb.servers.reverb', ['port' => 'x'] + self::COMPLETE, ['port' => '--port']);

        (new ServerConfiguration($section, collect([$this->application()])))->toArray();
    }

    public function test_two_applications_cannot_share_a_key(): void
    {
        $this->expectExceptionMessage('[reverb.apps.apps.1.key] has the same value as [reverb.apps.apps.0.key]: it must be unique');

        $this->configuration([], [$this->application('1', 'same'), $this->application('2', 'same')])->toArray();
    }

    public function test_two_applications_cannot_share_an_id(): void
    {
        $this->expectExceptionMessage('[reverb.apps.apps.1.app_id] has the same value as [reverb.apps.apps.0.app_id]: it must be unique');

        $this->configuration([], [$this->application('1', 'a'), $this->application('1', 'b')])->toArray();
    }

    public function test_ids_that_look_alike_as_numbers_differ(): void
    {
        $configuration = $this->configuration([], [$this->application('1', 'a'), $this->application('01', 'b')])->toArray();

        $this->assertSame(['1', '01'], array_column($configuration['applications'], 'app_id'));
    }

    public function test_a_server_needs_an_application(): void
    {
        $this->expectExceptionMessage('[reverb.apps.apps] has no application: add at least one with its app_id, key and secret');

        $this->configuration([], [])->toArray();
    }

    public function test_a_rate_limit_needs_its_number(): void
    {
        $this->expectExceptionMessage('[reverb.apps.apps.0.rate_limiting.max_attempts] must be an integer from 1 to 4294967295, not null');

        $this->configuration([], [new Application('1', 'k', 's', 60, 30, ['*'], 1, rateLimiting: ['enabled' => true])])->toArray();
    }

    private function configuration(array $values, ?array $applications = null, bool $debug = false, array $events = []): ServerConfiguration
    {
        return new ServerConfiguration(
            new Section('reverb.servers.reverb', $values + self::COMPLETE),
            collect($applications ?? [$this->application()]),
            $debug,
            $events,
        );
    }

    private function application(string $id = '1', string $key = 'k'): Application
    {
        return new Application($id, $key, 's', 60, 30, ['*'], 10_000);
    }
}
