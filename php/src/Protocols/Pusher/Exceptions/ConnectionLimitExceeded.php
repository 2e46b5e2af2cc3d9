<?php

namespace Laravel\Reverb\Protocols\Pusher\Exceptions;

class ConnectionLimitExceeded extends PusherException
{
    /**
     * The error code.
     *
     * @var int
     */
    protected $code = 4004;

    /**
     * The error message.
     *
     * @var string
     */
    protected $message = 'Application is over connection quota';
}
