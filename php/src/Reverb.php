<?php

namespace Laravel\Reverb;

use Closure;
use Exception;
use Illuminate\Container\Container;
use Illuminate\Foundation\DevCommands;
use Laravel\Reverb\Broadcasting\Batch;

class Reverb
{
    /**
     * Run the callback without waiting for each of its broadcasts, then wait once for all of them.
     *
     * @template TResult
     *
     * @param  \Closure(): TResult  $callback
     * @return TResult
     *
     * @throws \Illuminate\Broadcasting\BroadcastException
     */
    public static function batch(Closure $callback): mixed
    {
        return Container::getInstance()->make(Batch::class)->run($callback);
    }

    /**
     * Let "php artisan dev" start the server, where the framework has that command.
     */
    public static function registerDevCommands(): void
    {
        if (! class_exists(DevCommands::class)) {
            return;
        }

        try {
            DevCommands::artisan('reverb:start', 'reverb');
        } catch (Exception) {
            // Laravel 13.16 lets no package register a command, and an application must start all the same...
        }
    }
}
