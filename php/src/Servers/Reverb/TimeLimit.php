<?php

namespace Laravel\Reverb\Servers\Reverb;

use Closure;

/**
 * What happens if PHP is at work for longer than it may be. Without pcntl nothing does.
 *
 * @internal
 */
class TimeLimit
{
    /**
     * Create a new time limit instance.
     *
     * @param  \Closure(): void  $exceeded  Called wherever PHP is then, as soon as it can be interrupted.
     */
    public function __construct(protected Closure $exceeded)
    {
        //
    }

    /**
     * Begin to count the given seconds.
     */
    public function start(int $seconds): void
    {
        if (function_exists('pcntl_alarm') && function_exists('pcntl_signal')) {
            // What waits for the system is not to go on waiting...
            pcntl_signal(SIGALRM, $this->exceeded, restart_syscalls: false);
            pcntl_alarm($seconds);
        }
    }

    /**
     * Count no longer: it was done in time.
     */
    public function stop(): void
    {
        if (function_exists('pcntl_alarm')) {
            pcntl_alarm(0);
        }
    }
}
