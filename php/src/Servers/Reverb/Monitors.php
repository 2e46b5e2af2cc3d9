<?php

namespace Laravel\Reverb\Servers\Reverb;

use Closure;
use Illuminate\Contracts\Container\Container;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Events\Dispatcher;
use Illuminate\Support\Carbon;
use Laravel\Pulse\Pulse;
use Laravel\Reverb\Native\Contracts\NativeServer;
use Laravel\Reverb\Pulse\ServerBeat;
use Laravel\Telescope\Contracts\EntriesRepository;
use Laravel\Telescope\Telescope;
use Throwable;

/**
 * Pulse and Telescope, as far as the application has them: they are told of the server, and store what they have gathered.
 *
 * @internal
 */
class Monitors
{
    /**
     * What is to be done for them, by what it is called in a warning.
     *
     * @var array<string, \Laravel\Reverb\Servers\Reverb\Timer>
     */
    protected array $timers = [];

    /**
     * The reasons of what failed last, by the same names.
     *
     * @var array<string, string>
     */
    protected array $failures = [];

    /**
     * The messages of each application that the recorders know of.
     *
     * @var array<string, array{int, int}>
     */
    protected array $known = [];

    /**
     * Create a new monitors instance, which tells of the server every so many nanoseconds.
     */
    public function __construct(
        protected Container $app,
        protected Dispatcher $events,
        protected ExceptionHandler $exceptions,
        protected int $interval = 15_000_000_000,
    ) {
        //
    }

    /**
     * Find out what there is to be done. Without Pulse and Telescope it is nothing.
     */
    public function schedule(ServerConfiguration $configuration): void
    {
        $seconds = ['pulse' => $configuration->ingestInterval('pulse'), 'telescope' => $configuration->ingestInterval('telescope')];

        $this->timers = array_filter([
            'tell Pulse of the server' => $this->events->hasListeners(ServerBeat::class)
                ? new Timer($this->beat(...), $this->interval)
                : null,
            'store what Pulse has recorded' => $this->app->bound(Pulse::class)
                ? new Timer(fn () => $this->app->make(Pulse::class)->ingest(), $seconds['pulse'] * 1_000_000_000)
                : null,
            'store what Telescope has recorded' => $this->app->bound(EntriesRepository::class)
                ? new Timer(fn () => Telescope::store($this->app->make(EntriesRepository::class)), $seconds['telescope'] * 1_000_000_000)
                : null,
        ]);
    }

    /**
     * Do what is due.
     *
     * @param  \Closure(string): mixed  $warn
     */
    public function round(NativeServer $server, Closure $warn): void
    {
        foreach ($this->timers as $name => $timer) {
            if ($timer->isDue()) {
                $this->attempt($name, $timer, $server, $warn);
            }
        }
    }

    /**
     * Do all of it a last time: the server has stopped.
     *
     * @param  \Closure(string): mixed  $warn
     */
    public function finish(NativeServer $server, Closure $warn): void
    {
        foreach ($this->timers as $name => $timer) {
            $this->attempt($name, $timer, $server, $warn);
        }
    }

    /**
     * Do something; if it fails, the server goes on, and a warning says so as often as the reason changes.
     *
     * @param  \Closure(string): mixed  $warn
     */
    protected function attempt(string $name, Timer $timer, NativeServer $server, Closure $warn): void
    {
        try {
            ($timer->task)($server);
            unset($this->failures[$name]);
        } catch (Throwable $e) {
            $failure = (string) strtok($e->getMessage(), "\n");

            if (($this->failures[$name] ?? null) !== $failure) {
                $this->failures[$name] = $failure;
                $warn("The server goes on, but cannot {$name}: {$failure}");
                $this->exceptions->report($e);
            }
        }
    }

    /**
     * Tell the recorders of Pulse how many connections and messages there are.
     */
    protected function beat(NativeServer $server): void
    {
        $applications = array_map(function (array $figures) {
            ['app_id' => $id, 'messages_received' => $received, 'messages_sent' => $sent] = $figures;
            [$knownReceived, $knownSent] = $this->known[$id] ?? [0, 0];
            $this->known[$id] = [$received, $sent];

            return ['messages_received' => $received - $knownReceived, 'messages_sent' => $sent - $knownSent] + $figures;
        }, $server->applications());

        $this->events->dispatch(new ServerBeat(Carbon::now(), $applications));
    }
}
