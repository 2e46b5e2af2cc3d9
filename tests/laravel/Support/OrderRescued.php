<?php

namespace Laravel\Reverb\Tests\Laravel\Support;

use Illuminate\Contracts\Broadcasting\ShouldBroadcast;
use Illuminate\Contracts\Broadcasting\ShouldRescue;

/**
 * An event whose broadcast may fail without failing the request. Only newer frameworks have the interface.
 */
class OrderRescued implements ShouldBroadcast, ShouldRescue
{
    public function broadcastOn(): string
    {
        return 'messages';
    }
}
