<?php

namespace Laravel\Reverb\Servers\Reverb;

use Illuminate\Contracts\Cache\Repository;
use Illuminate\Support\InteractsWithTime;
use Throwable;

/**
 * The word of `reverb:restart` to the running servers, left in the application's cache.
 *
 * @internal
 */
class RestartSignal
{
    use InteractsWithTime;

    /**
     * The cache key that holds the time of the last restart.
     */
    public const KEY = 'laravel:reverb:restart';

    /**
     * The value that was there when the server last looked.
     */
    protected mixed $known = null;

    /**
     * Indicates whether the cache has been read at all.
     */
    protected bool $read = false;

    /**
     * The reason why the cache cannot be read, if it cannot.
     */
    protected ?string $failure = null;

    /**
     * The time of the last look at the cache, in nanoseconds.
     */
    protected ?int $lookedAt = null;

    /**
     * Create a new restart signal instance, which looks at the cache every so many nanoseconds.
     */
    public function __construct(protected Repository $cache, protected int $interval = 3_000_000_000)
    {
        //
    }

    /**
     * Ask every server on this cache to restart.
     */
    public function send(): void
    {
        $this->cache->forever(self::KEY, $this->currentTime());
    }

    /**
     * Determine whether a restart was asked for since the last look.
     *
     * A value that disappears ("cache:clear") and a cache that fails ask for nothing.
     *
     * @param  callable(string): void  $warn
     */
    public function received(callable $warn): bool
    {
        if ($this->lookedAt !== null && hrtime(true) - $this->lookedAt < $this->interval) {
            return false;
        }

        $this->lookedAt = hrtime(true);

        try {
            $value = $this->cache->get(self::KEY);
        } catch (Throwable $e) {
            $this->report($e->getMessage(), $warn);

            return false;
        }

        $received = $this->read && $value !== null && $value !== $this->known;

        if ($value === null && $this->known !== null) {
            $warn('The restart key has gone from the cache; the server goes on and still watches it');
        }

        [$this->known, $this->read, $this->failure] = [$value, true, null];

        return $received;
    }

    /**
     * Warn about a failure of the cache, once as long as it stays the same.
     *
     * @param  callable(string): void  $warn
     */
    protected function report(string $failure, callable $warn): void
    {
        if ($this->failure !== $failure) {
            $warn('The cache cannot be read, so "reverb:restart" has no effect until it can: '.strtok($failure, "\n"));
        }

        $this->failure = $failure;
    }
}
