<?php

namespace Laravel\Reverb\Events;

use Illuminate\Foundation\Events\Dispatchable;
use Laravel\Reverb\Protocols\Pusher\Channels\Channel;

/**
 * A user has come to a presence channel with its first connection.
 */
class MemberAdded
{
    use Dispatchable;

    /**
     * Create a new event instance.
     */
    public function __construct(public Channel $channel, public string $userId, public mixed $userInfo)
    {
        //
    }
}
