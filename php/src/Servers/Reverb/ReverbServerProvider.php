<?php

namespace Laravel\Reverb\Servers\Reverb;

use Illuminate\Console\Application as Artisan;
use Illuminate\Contracts\Foundation\Application;
use Laravel\Reverb\Contracts\ServerProvider;
use Laravel\Reverb\Servers\Reverb\Console\Commands\RestartServer;
use Laravel\Reverb\Servers\Reverb\Console\Commands\StartServer;

class ReverbServerProvider extends ServerProvider
{
    /**
     * Create a new server provider instance.
     *
     * @param  array<string, mixed>  $config
     */
    public function __construct(protected Application $app, array $config)
    {
        $this->publishesEvents = (bool) data_get($config, 'scaling.enabled', false);
    }

    /**
     * Bootstrap any server specific services.
     */
    public function boot(): void
    {
        if ($this->app->runningInConsole()) {
            Artisan::starting(fn (Artisan $artisan) => $artisan->resolveCommands([StartServer::class, RestartServer::class]));
        }
    }
}
