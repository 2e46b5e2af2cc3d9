<?php

namespace Laravel\Reverb\Pulse;

use DateTimeInterface;

/**
 * The figures of a running server, told to the recorders of Pulse.
 */
class ServerBeat
{
    /**
     * Create a new event instance.
     *
     * @param  list<array{app_id: string, connections: int, messages_received: int, messages_sent: int}>  $applications  The messages are those since the last beat.
     */
    public function __construct(
        public readonly DateTimeInterface $time,
        public readonly array $applications,
    ) {
        //
    }
}
