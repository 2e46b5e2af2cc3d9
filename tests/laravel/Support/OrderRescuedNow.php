<?php

namespace Laravel\Reverb\Tests\Laravel\Support;

use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;

/**
 * The same, without a queue.
 */
class OrderRescuedNow extends OrderRescued implements ShouldBroadcastNow
{
    //
}
