<?php

namespace Laravel\Reverb\Loggers;

use Illuminate\Support\Facades\Log as LogFacade;
use Laravel\Reverb\Contracts\Logger;

class StandardLogger implements Logger
{
    /**
     * Log a line of information.
     */
    public function info(string $title, ?string $message = null): void
    {
        LogFacade::info($message === null ? $title : "{$title}: {$message}");
    }

    /**
     * Log an error.
     */
    public function error(string $message): void
    {
        LogFacade::error($message);
    }

    /**
     * Log a message that was sent to or received from a client.
     */
    public function message(string $message): void
    {
        LogFacade::info($message);
    }

    /**
     * Append new lines to the log.
     */
    public function line(int $lines = 1): void
    {
        //
    }
}
