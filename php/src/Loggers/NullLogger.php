<?php

namespace Laravel\Reverb\Loggers;

use Laravel\Reverb\Contracts\Logger;

class NullLogger implements Logger
{
    /**
     * Log a line of information.
     */
    public function info(string $title, ?string $message = null): void
    {
        //
    }

    /**
     * Log an error.
     */
    public function error(string $message): void
    {
        //
    }

    /**
     * Log a message that was sent to or received from a client.
     */
    public function message(string $message): void
    {
        //
    }

    /**
     * Append new lines to the log.
     */
    public function line(int $lines = 1): void
    {
        //
    }
}
