<?php

namespace Laravel\Reverb;

use Closure;
use Exception;
use Illuminate\Container\Container;
use Illuminate\Foundation\DevCommands;
use Laravel\Reverb\Broadcasting\Batch;
use Laravel\Reverb\Testing\ReverbFake;
use Laravel\Reverb\Testing\ReverbServer;
use LogicException;

/**
 * @method static \Illuminate\Support\Collection<int, \Laravel\Reverb\Testing\RecordedBroadcast> broadcasts(string|null $event = null, \Closure|null $callback = null)
 * @method static void assertBroadcast(string $event, \Closure|int|null $callback = null)
 * @method static void assertBroadcastOn(\Illuminate\Broadcasting\Channel|string|array $channels, string $event, \Closure|null $callback = null)
 * @method static void assertBroadcastTimes(string $event, int $times = 1)
 * @method static void assertBroadcastCount(int $count)
 * @method static void assertNotBroadcast(string $event, \Closure|null $callback = null)
 * @method static void assertNothingBroadcast()
 *
 * @see \Laravel\Reverb\Testing\ReverbFake
 */
class Reverb
{
    /**
     * Record what is broadcast from now on, and send nothing.
     */
    public static function fake(): ReverbFake
    {
        return ReverbFake::install(Container::getInstance());
    }

    /**
     * Start a server in this process for the test that runs, and let its broadcasts go there.
     *
     * @param  array<string, mixed>  $settings  Keys of "reverb.servers.reverb" that are to be different.
     *
     * @throws \RuntimeException
     */
    public static function serve(array $settings = []): ReverbServer
    {
        return ReverbServer::start(Container::getInstance(), $settings);
    }

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

    /**
     * Ask the fake what was broadcast.
     *
     * @param  list<mixed>  $arguments
     */
    public static function __callStatic(string $method, array $arguments): mixed
    {
        $app = Container::getInstance();

        return $app->bound(ReverbFake::class)
            ? $app->make(ReverbFake::class)->{$method}(...$arguments)
            : throw new LogicException("Reverb::{$method}() needs Reverb::fake() before it");
    }
}
