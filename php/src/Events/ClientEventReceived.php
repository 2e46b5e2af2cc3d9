<?php

namespace Laravel\Reverb\Events;

use Illuminate\Foundation\Events\Dispatchable;
use Laravel\Reverb\Contracts\Connection;
use Laravel\Reverb\Protocols\Pusher\Channels\Channel;

/**
 * An event of a client was passed on to the other subscribers of a channel.
 */
class ClientEventReceived
{
    use Dispatchable;

    /**
     * Create a new event instance.
     */
    public function __construct(
        public Connection $connection,
        public Channel $channel,
        public string $event,
        public mixed $data,
        public ?string $userId = null,
    )
    {
        //
    }
}
