<?php

namespace Laravel\Reverb\Tests\Unit;

use Laravel\Reverb\Application;
use Laravel\Reverb\ConfigApplicationProvider;
use Laravel\Reverb\Exceptions\InvalidApplication;
use Laravel\Reverb\Exceptions\InvalidServerConfiguration;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;

class ConfigApplicationProviderTest extends TestCase
{
    private const COMPLETE = [
        'app_id' => '1',
        'key' => 'a-key',
        'secret' => 'a-secret',
        'options' => ['host' => 'example.com'],
        'allowed_origins' => ['*'],
        'ping_interval' => 60,
        'activity_timeout' => 20,
        'max_connections' => 5,
        'max_message_size' => 10_000,
        'accept_client_events_from' => 'members',
        'rate_limiting' => ['enabled' => true, 'max_attempts' => 3],
    ];

    public function test_an_application_is_found_by_its_id_and_by_its_key(): void
    {
        $provider = $this->provider(self::COMPLETE, ['app_id' => '2', 'key' => 'other'] + self::COMPLETE);

        $this->assertSame('a-key', $provider->findById('1')->key());
        $this->assertSame('2', $provider->findByKey('other')->id());
        $this->assertCount(2, $provider->all());
    }

    public function test_an_unknown_application_does_not_exist(): void
    {
        $this->expectException(InvalidApplication::class);
        $this->expectExceptionMessage('Application does not exist');

        $this->provider(self::COMPLETE)->findByKey('nobody');
    }

    public function test_an_application_has_what_the_configuration_says(): void
    {
        $application = $this->provider(self::COMPLETE)->findById('1');

        $this->assertEquals(new Application(
            '1', 'a-key', 'a-secret', 60, 20, ['*'], 10_000, 5, 'members',
            ['enabled' => true, 'max_attempts' => 3], ['host' => 'example.com']
        ), $application);
        $this->assertTrue($application->hasMaxConnectionLimit());
        $this->assertTrue($application->usesRateLimiting());
        $this->assertSame(
            ['app_id', 'key', 'secret', 'ping_interval', 'activity_timeout', 'allowed_origins', 'max_message_size', 'options'],
            array_keys($application->toArray())
        );
    }

    public function test_a_configuration_of_an_older_version_keeps_its_meaning(): void
    {
        $application = $this->provider(array_diff_key(self::COMPLETE, array_flip(
            ['activity_timeout', 'max_connections', 'accept_client_events_from', 'rate_limiting', 'options']
        )))->findById('1');

        $this->assertSame(30, $application->activityTimeout());
        $this->assertNull($application->maxConnections());
        $this->assertSame('all', $application->acceptClientEventsFrom());
        $this->assertNull($application->rateLimiting());
        $this->assertSame([], $application->options());
    }

    public function test_numbers_may_be_strings_as_the_environment_has_them(): void
    {
        $application = $this->provider(
            ['app_id' => 77, 'ping_interval' => '30', 'max_connections' => '', 'max_message_size' => '0'] + self::COMPLETE
        )->findById('77');

        $this->assertSame([30, 0], [$application->pingInterval(), $application->maxMessageSize()]);
        $this->assertFalse($application->hasMaxConnectionLimit());
    }

    #[DataProvider('mistakes')]
    public function test_a_mistake_is_named_by_key_value_and_remedy(array $values, string $message): void
    {
        $this->expectException(InvalidServerConfiguration::class);
        $this->expectExceptionMessageMatches('/\A'.preg_quote($message, '/').'\z/');

        $this->provider($values + self::COMPLETE)->all();
    }

    public static function mistakes(): array
    {
        $set = fn (string $variable) => ": set {$variable} in the environment (\"php artisan reverb:install\" does)";

        return [
            [['key' => null], '[reverb.apps.apps.0.key] is missing or empty'.$set('REVERB_APP_KEY')],
            [['key' => ''], '[reverb.apps.apps.0.key] is missing or empty'.$set('REVERB_APP_KEY')],
            [['secret' => null], '[reverb.apps.apps.0.secret] is missing or empty'.$set('REVERB_APP_SECRET')],
            [['app_id' => null], '[reverb.apps.apps.0.app_id] is missing or empty'.$set('REVERB_APP_ID')],
            [['key' => ['a']], '[reverb.apps.apps.0.key] must be a text, not array'],
            [['ping_interval' => 'soon'], '[reverb.apps.apps.0.ping_interval] must be an integer from 1 to 86400, not "soon"'],
            [['ping_interval' => null], '[reverb.apps.apps.0.ping_interval] must be an integer from 1 to 86400, not null'],
            [['ping_interval' => 1.5], '[reverb.apps.apps.0.ping_interval] must be an integer from 1 to 86400, not 1.5'],
            [['ping_interval' => true], '[reverb.apps.apps.0.ping_interval] must be an integer from 1 to 86400, not true'],
            [['activity_timeout' => 0], '[reverb.apps.apps.0.activity_timeout] must be an integer from 1 to 86400, not 0'],
            [['max_message_size' => -1], '[reverb.apps.apps.0.max_message_size] must be an integer from 0 to 1073741824, not -1'],
            [['max_connections' => 'many'], '[reverb.apps.apps.0.max_connections] must be an integer from 0 to 4294967295, not "many"'],
            [['allowed_origins' => '*'], '[reverb.apps.apps.0.allowed_origins] must be a list of texts, not "*"'],
            [['allowed_origins' => [1]], '[reverb.apps.apps.0.allowed_origins] must be a list of texts, not array'],
        ];
    }

    public function test_only_the_first_application_is_set_by_the_packaged_variables(): void
    {
        $this->expectExceptionMessage('[reverb.apps.apps.1.key] is missing or empty: it must be a text of at least one character');

        $this->provider(self::COMPLETE, ['key' => ''] + self::COMPLETE)->all();
    }

    private function provider(array ...$applications): ConfigApplicationProvider
    {
        return new ConfigApplicationProvider(collect($applications));
    }
}
