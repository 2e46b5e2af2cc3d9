<?php

namespace Laravel\Reverb;

use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Contracts\Foundation\CachesConfiguration;
use Illuminate\Foundation\Console\AboutCommand;
use Illuminate\Support\Arr;
use Illuminate\Support\ServiceProvider;
use Laravel\Pulse\Pulse;
use Laravel\Reverb\Broadcasting\Batch;
use Laravel\Reverb\Broadcasting\PublisherOptions;
use Laravel\Reverb\Broadcasting\ReverbBroadcaster;
use Laravel\Reverb\Console\About;
use Laravel\Reverb\Console\Commands\InstallCommand;
use Laravel\Reverb\Console\Commands\PingCommand;
use Laravel\Reverb\Contracts\Logger;
use Laravel\Reverb\Loggers\NullLogger;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Native\Extension;
use Laravel\Reverb\Pulse\Livewire\Connections;
use Laravel\Reverb\Pulse\Livewire\Messages;

class ReverbServiceProvider extends ServiceProvider
{
    /**
     * The packaged configuration file.
     */
    protected const CONFIGURATION = __DIR__.'/../config/reverb.php';

    /**
     * The server keys that a configuration file published by Laravel Reverb does not have.
     */
    protected const NATIVE_KEYS = [
        'socket', 'workers', 'max_backlog', 'cache_ttl', 'compression', 'auth_timestamp_tolerance', 'coalesce', 'trusted_proxies',
    ];

    /**
     * The keys beside the applications, likewise.
     */
    protected const LOOKUP_KEYS = ['cache_ttl', 'unknown_ttl', 'lookup_timeout', 'lookups_per_second'];

    /**
     * Register any application services.
     */
    public function register(): void
    {
        $this->mergeConfigFrom(self::CONFIGURATION, 'reverb');
        $this->mergeNativeConfiguration();

        $this->app->instance(Logger::class, new NullLogger);
        $this->app->singletonIf(Engine::class, Extension::class);
        $this->app->singleton(ServerProviderManager::class);
        $this->app->make(ServerProviderManager::class)->register();
        $this->app->singleton(Batch::class);

        $this->callAfterResolving(BroadcastManager::class, $this->registerBroadcaster(...));

        Reverb::registerDevCommands();
    }

    /**
     * Bootstrap any application services.
     */
    public function boot(): void
    {
        $this->bootPulse();
        $this->app->make(ServerProviderManager::class)->boot();

        if (! $this->app->runningInConsole()) {
            return;
        }

        $this->commands([InstallCommand::class, PingCommand::class]);

        AboutCommand::add('Reverb', About::class);

        $this->publishes([self::CONFIGURATION => config_path('reverb.php')], ['reverb', 'reverb-config']);

        // Laravel 12.38 and later: "php artisan reload" restarts the server...
        if (method_exists($this, 'reloads')) {
            $this->reloads('reverb:restart', 'reverb');
        }
    }

    /**
     * Add Reverb's cards to Pulse, if the application has it.
     */
    protected function bootPulse(): void
    {
        if (! $this->app->bound(Pulse::class)) {
            return;
        }

        $this->loadViewsFrom(__DIR__.'/../resources/views', 'reverb');

        $this->callAfterResolving('livewire', function (object $livewire) {
            $livewire->component('reverb.connections', Connections::class);
            $livewire->component('reverb.messages', Messages::class);
        });
    }

    /**
     * Give a configuration file of Laravel Reverb the keys of the native server.
     */
    protected function mergeNativeConfiguration(): void
    {
        if ($this->app instanceof CachesConfiguration && $this->app->configurationIsCached()) {
            return;
        }

        $config = $this->app->make('config');
        $defaults = require self::CONFIGURATION;

        foreach (['servers.reverb' => self::NATIVE_KEYS, 'apps' => self::LOOKUP_KEYS] as $name => $keys) {
            $configured = $config->get("reverb.{$name}") ?? [];

            // What is no array, or stands in none, is reported by whoever needs it...
            if (is_array($configured) && is_array($config->get('reverb.'.strtok($name, '.')) ?? [])) {
                $config->set("reverb.{$name}", [...Arr::only(Arr::get($defaults, $name), $keys), ...$configured]);
            }
        }
    }

    /**
     * Register the broadcaster in place of the framework's own, which needs the Pusher SDK.
     */
    protected function registerBroadcaster(BroadcastManager $manager): void
    {
        $manager->extend('reverb', function ($app, array $config) use ($manager) {
            $repository = $app->make('config');

            return new ReverbBroadcaster(
                $app->make(Engine::class),
                $config,
                $repository->get('reverb.servers.reverb.socket'),
                $app->make(Batch::class),
                $manager,
                // The framework does not tell it...
                (string) (array_search($config, $repository->get('broadcasting.connections') ?? [], true) ?: PublisherOptions::PACKAGED),
            );
        });
    }
}
