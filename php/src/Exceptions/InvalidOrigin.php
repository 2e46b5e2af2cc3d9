<?php

namespace Laravel\Reverb\Exceptions;

use Exception;

class InvalidOrigin extends Exception
{
    /**
     * The exception message.
     *
     * @var string
     */
    protected $message = 'Origin not allowed';
}
