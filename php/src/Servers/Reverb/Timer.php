<?php

namespace Laravel\Reverb\Servers\Reverb;

use Closure;

/**
 * Something that is to be done again and again.
 *
 * @internal
 */
class Timer
{
    /**
     * The time at which it is to be done next, in nanoseconds.
     */
    protected int $next;

    /**
     * Create a new timer instance, which waits for its interval first.
     *
     * @param  \Closure(\Laravel\Reverb\Native\Contracts\NativeServer): mixed  $task
     * @param  int  $interval  Nanoseconds.
     */
    public function __construct(public readonly Closure $task, protected int $interval)
    {
        $this->next = hrtime(true) + $interval;
    }

    /**
     * Determine whether it is to be done now. Who asks is expected to do it.
     */
    public function isDue(): bool
    {
        if (hrtime(true) < $this->next) {
            return false;
        }

        $this->next = hrtime(true) + $this->interval;

        return true;
    }
}
