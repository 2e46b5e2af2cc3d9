<?php

namespace Laravel\Reverb\Servers\Reverb;

use Closure;
use Illuminate\Contracts\Container\Container;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Events\Dispatcher;
use Illuminate\Support\Carbon;
use Laravel\Pulse\Pulse;
use Laravel\Reverb\Contracts\ApplicationProvider;
use Laravel\Reverb\Exceptions\InvalidApplication;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Native\Contracts\NativeServer;
use Laravel\Reverb\Pulse\ServerBeat;
use Laravel\Telescope\Contracts\EntriesRepository;
use Laravel\Telescope\Telescope;
use RuntimeException;
use Throwable;

/**
 * Pulse and Telescope, as far as the application has them: they are told of the server, and store what they have gathered.
 *
 * @internal
 */
class Monitors
{
    /**
     * The nanoseconds for which other servers may be asked at a time.
     */
    protected const ASKING_TIME = 1_000_000_000;

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
     * Indicates whether other servers have connections of the same applications.
     */
    protected bool $isScaled = false;

    /**
     * Create a new monitors instance, which tells of the server every so many nanoseconds.
     */
    public function __construct(
        protected Container $app,
        protected Dispatcher $events,
        protected ExceptionHandler $exceptions,
        protected Engine $engine,
        protected int $interval = 15_000_000_000,
    ) {
        //
    }

    /**
     * Find out what there is to be done. Without Pulse and Telescope it is nothing.
     */
    public function schedule(ServerConfiguration $configuration): void
    {
        $this->isScaled = $configuration->isScaled();
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
        $connections = $this->connections();
        $applications = array_map(function (array $figures) use ($connections) {
            ['app_id' => $id, 'messages_received' => $received, 'messages_sent' => $sent] = $figures;
            [$knownReceived, $knownSent] = $this->known[$id] ?? [0, 0];
            $this->known[$id] = [$received, $sent];

            return ['connections' => $connections($figures), 'messages_received' => $received - $knownReceived, 'messages_sent' => $sent - $knownSent] + $figures;
        }, $server->applications());

        $this->events->dispatch(new ServerBeat(Carbon::now(), $applications));
    }

    /**
     * Get the way to the number of an application's connections: those to all servers, as far as the time allows to ask.
     *
     * @return \Closure(array<string, mixed>): int
     */
    protected function connections(): Closure
    {
        $deadline = hrtime(true) + self::ASKING_TIME;

        return function (array $figures) use ($deadline) {
            if (! $this->isScaled || $figures['connections'] === 0 || hrtime(true) > $deadline) {
                return $figures['connections'];
            }

            try {
                return $this->connectionsEverywhere($figures['app_id']);
            } catch (InvalidApplication|RuntimeException) {
                // The application is about to go, or the others do not answer...
                return $figures['connections'];
            }
        };
    }

    /**
     * Get the number of an application's connections to all servers. It is this process's own server that is asked.
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidApplication
     * @throws \RuntimeException
     */
    protected function connectionsEverywhere(string $id): int
    {
        $application = $this->app->make(ApplicationProvider::class)->findById($id);

        return $this->engine->publisher([
            'app_id' => $application->id(), 'key' => $application->key(), 'secret' => $application->secret(),
        ])->stats()['connections'];
    }
}
