<?php

namespace Laravel\Reverb\Exceptions;

use Exception;

class InvalidApplication extends Exception
{
    /**
     * The exception message.
     *
     * @var string
     */
    protected $message = 'Application does not exist';
}
