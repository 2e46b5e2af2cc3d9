<?php

namespace Laravel\Reverb\Testing;

use Closure;
use Illuminate\Contracts\Container\Container;
use Illuminate\Support\Arr;
use Illuminate\Support\Collection;
use Illuminate\Support\Str;
use Laravel\Reverb\Native\Contracts\Engine;
use PHPUnit\Framework\Assert as PHPUnit;

/**
 * Records what is broadcast through Reverb, and sends nothing.
 */
class ReverbFake
{
    /**
     * What was broadcast.
     *
     * @var list<\Laravel\Reverb\Testing\RecordedBroadcast>
     */
    protected array $broadcasts = [];

    /**
     * Put a fake into the application, in place of one that may be there.
     */
    public static function install(Container $app): static
    {
        $engine = $app->make(Engine::class);
        $fake = new static;
        $recorder = new RecordingEngine(
            $engine instanceof RecordingEngine ? $engine->engine : $engine, $fake, new ServerLimits($app->make('config'))
        );

        $app->instance(self::class, $fake);
        $app->instance(Engine::class, $recorder);

        $connections = new BroadcastConnections($app);

        foreach ($connections->all() as $name => $config) {
            $connections->connect($name, $recorder->named($name), static::withCredentials($config));
        }

        return $fake;
    }

    /**
     * Get a connection with credentials, if it has none: a part of them would be a mistake, and the publisher says which.
     *
     * @param  array<string, mixed>  $config
     * @return array<string, mixed>
     */
    protected static function withCredentials(array $config): array
    {
        $credentials = ['app_id' => 'fake', 'key' => 'fake', 'secret' => 'fake'];
        $given = array_filter(Arr::only($config, array_keys($credentials)), fn (mixed $value) => ! in_array($value, [null, ''], true));

        return $given === [] ? array_replace($config, $credentials) : $config;
    }

    /**
     * Record a broadcast.
     *
     * @internal
     */
    public function record(RecordedBroadcast $broadcast): void
    {
        $this->broadcasts[] = $broadcast;
    }

    /**
     * Get what was broadcast: all of it, or the events of a name or a class that pass a test.
     *
     * @param  (\Closure(array<array-key, mixed>, \Laravel\Reverb\Testing\RecordedBroadcast): bool)|null  $callback
     * @return \Illuminate\Support\Collection<int, \Laravel\Reverb\Testing\RecordedBroadcast>
     */
    public function broadcasts(?string $event = null, ?Closure $callback = null): Collection
    {
        return (new Collection($this->broadcasts))
            ->filter(fn (RecordedBroadcast $broadcast) => $event === null || $broadcast->is($event))
            ->filter(fn (RecordedBroadcast $broadcast) => $callback === null || $callback($broadcast->payload, $broadcast))
            ->values();
    }

    /**
     * Assert that an event was broadcast that passes the test, or as many times as given.
     *
     * @param  (\Closure(array<array-key, mixed>, \Laravel\Reverb\Testing\RecordedBroadcast): bool)|int|null  $callback
     */
    public function assertBroadcast(string $event, Closure|int|null $callback = null): void
    {
        if (is_int($callback)) {
            $this->assertBroadcastTimes($event, $callback);

            return;
        }

        PHPUnit::assertTrue(
            $this->broadcasts($event, $callback)->isNotEmpty(),
            $this->explain($callback && $this->broadcasts($event)->isNotEmpty()
                ? "The expected [{$event}] event was broadcast, but none passed the test."
                : "The expected [{$event}] event was not broadcast.")
        );
    }

    /**
     * Assert that an event was broadcast to all of the given channels at once.
     *
     * @param  \Illuminate\Broadcasting\Channel|string|array<int, \Illuminate\Broadcasting\Channel|string>  $channels
     * @param  (\Closure(array<array-key, mixed>, \Laravel\Reverb\Testing\RecordedBroadcast): bool)|null  $callback
     */
    public function assertBroadcastOn(mixed $channels, string $event, ?Closure $callback = null): void
    {
        $channels = array_map(strval(...), Arr::wrap($channels));
        $arrived = $this->broadcasts($event)->filter(fn (RecordedBroadcast $broadcast) => $broadcast->wentTo($channels));
        $names = '['.implode('], [', $channels).']';

        PHPUnit::assertTrue($arrived->isNotEmpty(), $this->explain("The expected [{$event}] event was not broadcast on {$names}."));

        PHPUnit::assertTrue(
            $arrived->contains(fn (RecordedBroadcast $broadcast) => $callback === null || $callback($broadcast->payload, $broadcast)),
            $this->explain("The expected [{$event}] event was broadcast on {$names}, but none passed the test.")
        );
    }

    /**
     * Assert that an event was broadcast so many times.
     */
    public function assertBroadcastTimes(string $event, int $times = 1): void
    {
        $count = $this->broadcasts($event)->count();

        PHPUnit::assertSame(
            $times, $count,
            $this->explain("The expected [{$event}] event was broadcast {$this->times($count)} instead of {$this->times($times)}.")
        );
    }

    /**
     * Assert that so many events were broadcast in all.
     */
    public function assertBroadcastCount(int $count): void
    {
        $actual = count($this->broadcasts);

        PHPUnit::assertSame(
            $count, $actual, $this->explain($actual === 1 ? "1 event was broadcast instead of {$count}." : "{$actual} events were broadcast instead of {$count}.")
        );
    }

    /**
     * Assert that no event was broadcast that passes the test.
     *
     * @param  (\Closure(array<array-key, mixed>, \Laravel\Reverb\Testing\RecordedBroadcast): bool)|null  $callback
     */
    public function assertNotBroadcast(string $event, ?Closure $callback = null): void
    {
        PHPUnit::assertTrue(
            $this->broadcasts($event, $callback)->isEmpty(), $this->explain("The unexpected [{$event}] event was broadcast.")
        );
    }

    /**
     * Assert that nothing was broadcast.
     */
    public function assertNothingBroadcast(): void
    {
        PHPUnit::assertSame([], $this->broadcasts, $this->explain('Events were broadcast unexpectedly.'));
    }

    /**
     * Say what was broadcast, after what was expected.
     */
    protected function explain(string $message): string
    {
        $broadcasts = implode('', array_map(fn (RecordedBroadcast $broadcast) => "\n  {$broadcast}", $this->broadcasts));

        return $message.($broadcasts === '' ? ' Nothing was broadcast.' : "\nWhat was broadcast:{$broadcasts}");
    }

    /**
     * Say how often.
     */
    protected function times(int $count): string
    {
        return "{$count} ".Str::plural('time', $count);
    }
}
