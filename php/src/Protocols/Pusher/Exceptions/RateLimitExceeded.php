<?php

namespace Laravel\Reverb\Protocols\Pusher\Exceptions;

class RateLimitExceeded extends PusherException
{
    /**
     * The error code.
     *
     * @var int
     */
    protected $code = 4301;

    /**
     * The error message.
     *
     * @var string
     */
    protected $message = 'Rate limit exceeded';
}
