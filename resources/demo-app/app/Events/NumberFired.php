<?php

namespace App\Events;

use Illuminate\Broadcasting\Channel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;
use Illuminate\Foundation\Events\Dispatchable;

/**
 * One event of a burst, numbered from 1, so that whoever listens can tell that none is missing, doubled or late.
 */
class NumberFired implements ShouldBroadcastNow
{
    use Dispatchable;

    /**
     * The time of the event in milliseconds.
     */
    public float $sentAt;

    /**
     * Create a new event instance.
     */
    public function __construct(
        public string $run,
        public int $number,
        public int $of,
        public string $author,
    ) {
        $this->sentAt = round(microtime(true) * 1000, 3);
    }

    /**
     * Get the channels the event should broadcast on.
     *
     * @return array<int, \Illuminate\Broadcasting\Channel>
     */
    public function broadcastOn(): array
    {
        return [new Channel('messages')];
    }
}
