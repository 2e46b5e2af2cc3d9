<?php

namespace Laravel\Reverb\Protocols\Pusher\Exceptions;

use Exception;

/**
 * An error that clients of the Pusher protocol understand; the server sends its own without PHP.
 */
abstract class PusherException extends Exception
{
    /**
     * Get the error as a message of the protocol.
     *
     * @return array{event: string, data: string}
     */
    public function payload(): array
    {
        return [
            'event' => 'pusher:error',
            'data' => json_encode(['code' => $this->code, 'message' => $this->message]),
        ];
    }

    /**
     * Get the error as a text to send to a connection.
     */
    public function message(): string
    {
        return json_encode($this->payload());
    }
}
