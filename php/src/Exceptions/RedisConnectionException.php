<?php

namespace Laravel\Reverb\Exceptions;

use Exception;

class RedisConnectionException extends Exception
{
    /**
     * Create an exception for a connection that could not be had in time.
     */
    public static function failedAfter(string $name, int $timeout): self
    {
        return new self("No connection to Redis [{$name}] after {$timeout} seconds of attempts.");
    }
}
