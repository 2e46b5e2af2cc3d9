<?php

namespace Laravel\Reverb\Testing;

use Closure;

/**
 * Calls back when the container that holds it is flushed, as at the end of each test.
 *
 * @internal
 */
final class TearDown
{
    /**
     * Create a new tear down instance.
     *
     * @param  \Closure(): void  $callback
     */
    public function __construct(private Closure $callback)
    {
        //
    }

    /**
     * Call back.
     */
    public function __destruct()
    {
        ($this->callback)();
    }
}
