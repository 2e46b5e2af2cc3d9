<?php

namespace Laravel\Reverb\Protocols\Pusher\Exceptions;

class InvalidOrigin extends PusherException
{
    /**
     * The error code.
     *
     * @var int
     */
    protected $code = 4009;

    /**
     * The error message.
     *
     * @var string
     */
    protected $message = 'Origin not allowed';
}
