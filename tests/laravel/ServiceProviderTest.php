<?php

namespace Laravel\Reverb\Tests\Laravel;

use Illuminate\Broadcasting\Broadcasters\PusherBroadcaster;
use Illuminate\Contracts\Console\Kernel;
use Illuminate\Support\Collection;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\ServiceProvider;
use Laravel\Reverb\Application;
use Laravel\Reverb\ApplicationManager;
use Laravel\Reverb\ConfigApplicationProvider;
use Laravel\Reverb\Contracts\ApplicationProvider;
use Laravel\Reverb\Contracts\Logger;
use Laravel\Reverb\Contracts\ServerProvider;
use Laravel\Reverb\Exceptions\InvalidApplication;
use Laravel\Reverb\Exceptions\InvalidServerConfiguration;
use Laravel\Reverb\Loggers\NullLogger;
use Laravel\Reverb\ReverbServiceProvider;
use Laravel\Reverb\ServerProviderManager;
use Laravel\Reverb\Servers\Reverb\ReverbServerProvider;
use PHPUnit\Framework\Attributes\TestWith;

class ServiceProviderTest extends TestCase
{
    public function test_the_driver_is_a_pusher_broadcaster(): void
    {
        $this->assertInstanceOf(PusherBroadcaster::class, Broadcast::connection('reverb'));
    }

    public function test_the_commands_are_reverbs_and_ping(): void
    {
        $commands = array_keys($this->app->make(Kernel::class)->all());

        $this->assertSame(
            ['reverb:install', 'reverb:ping', 'reverb:restart', 'reverb:start'],
            Collection::make($commands)->filter(fn ($name) => str_starts_with($name, 'reverb:'))->sort()->values()->all()
        );
    }

    public function test_the_commands_are_described_as_reverbs_are_and_take_no_arguments(): void
    {
        $commands = $this->app->make(Kernel::class)->all();

        foreach ([
            'reverb:install' => 'Install the Reverb dependencies',
            'reverb:restart' => 'Restart the Reverb server',
            'reverb:start' => 'Start the Reverb server',
        ] as $name => $description) {
            $this->assertSame($description, $commands[$name]->getDescription());
            $this->assertSame(0, $commands[$name]->getDefinition()->getArgumentRequiredCount());
            $this->assertSame([], array_diff(array_keys($commands[$name]->getDefinition()->getArguments()), ['command']));
        }
    }

    public function test_the_options_of_the_server_are_reverbs(): void
    {
        $options = $this->app->make(Kernel::class)->all()['reverb:start']->getDefinition()->getOptions();

        $this->assertSame(['host', 'port', 'path', 'hostname', 'debug'], array_values(array_intersect(
            array_keys($options), ['host', 'port', 'path', 'hostname', 'debug']
        )));
    }

    public function test_the_configuration_is_published_under_both_tags(): void
    {
        foreach (['reverb', 'reverb-config'] as $tag) {
            $this->assertSame(
                [config_path('reverb.php')],
                array_values(ServiceProvider::pathsToPublish(ReverbServiceProvider::class, $tag))
            );
        }
    }

    public function test_a_configuration_file_of_laravel_reverb_gets_the_native_keys(): void
    {
        config(['reverb.servers.reverb' => ['host' => '127.0.0.1', 'workers' => 3]]);
        (new ReverbServiceProvider($this->app))->register();

        $this->assertEquals([
            'host' => '127.0.0.1',
            'workers' => 3,
            'socket' => storage_path('framework/reverb.sock'),
            'max_backlog' => 16_777_216,
            'cache_ttl' => 1_800,
            'compression' => false,
            'auth_timestamp_tolerance' => 600,
            'coalesce' => 0,
            'trusted_proxies' => null,
        ], config('reverb.servers.reverb'));
    }

    public function test_a_configuration_file_of_laravel_reverb_gets_the_keys_of_lookups(): void
    {
        config(['reverb.apps' => ['provider' => 'mine', 'cache_ttl' => 5]]);
        (new ReverbServiceProvider($this->app))->register();

        $this->assertEquals(
            ['provider' => 'mine', 'cache_ttl' => 5, 'unknown_ttl' => 10, 'lookup_timeout' => 3, 'lookups_per_second' => 200],
            config('reverb.apps')
        );
    }

    public function test_no_socket_stays_no_socket(): void
    {
        config(['reverb.servers.reverb' => ['socket' => null]]);
        (new ReverbServiceProvider($this->app))->register();

        $this->assertNull(config('reverb.servers.reverb.socket'));
    }

    public function test_the_server_is_a_driver_that_may_be_replaced(): void
    {
        $manager = $this->app->make(ServerProviderManager::class);

        $this->assertSame($manager, $this->app->make(ServerProviderManager::class));
        $this->assertInstanceOf(ReverbServerProvider::class, $manager->driver());
        $this->assertTrue($manager->shouldNotPublishEvents());
        $this->assertTrue($manager->doesNotSubscribeToEvents());

        $manager->withPublishing();
        $this->assertTrue($manager->shouldPublishEvents() && $manager->subscribesToEvents());

        config(['reverb.default' => 'ours']);
        $manager->extend('ours', fn () => new class extends ServerProvider {});
        $this->assertFalse($manager->shouldPublishEvents());
    }

    #[TestWith(['swoole'])]
    #[TestWith([''])]
    #[TestWith([' '])]
    public function test_a_server_that_nobody_knows_is_named(string $name): void
    {
        config(['reverb.default' => $name]);

        $this->expectExceptionObject(new InvalidServerConfiguration(
            "[reverb.default] must be \"reverb\" or a name that was given to Laravel\Reverb\ServerProviderManager::extend(), not \"{$name}\""
        ));
        $this->app->make(ServerProviderManager::class)->driver();
    }

    public function test_nothing_is_logged_unless_it_is_asked_for(): void
    {
        $this->assertInstanceOf(NullLogger::class, $this->app->make(Logger::class));
    }

    public function test_applications_come_from_the_configuration(): void
    {
        $provider = $this->app->make(ApplicationProvider::class);

        $this->assertInstanceOf(ConfigApplicationProvider::class, $provider);
        $this->assertSame('1001', $provider->findByKey('test-key')->id());
    }

    public function test_applications_may_come_from_elsewhere(): void
    {
        config(['reverb.apps.provider' => 'tenants']);

        $this->app->make(ApplicationManager::class)->extend('tenants', fn () => new class implements ApplicationProvider
        {
            public function all(): Collection
            {
                return new Collection([new Application('1', 'tenant', 's', 60, 30, ['*'], 10_000)]);
            }

            public function findById(string $id): Application
            {
                return $this->all()->first();
            }

            public function findByKey(string $key): Application
            {
                return throw new InvalidApplication;
            }
        });

        $this->assertSame('tenant', $this->app->make(ApplicationProvider::class)->findById('1')->key());
    }
}
