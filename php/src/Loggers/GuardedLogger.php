<?php

namespace Laravel\Reverb\Loggers;

use Closure;
use Laravel\Reverb\Contracts\Logger;
use Throwable;

/**
 * A logger whose failures are warned about, so that a full disk does not end the server.
 *
 * @internal
 */
class GuardedLogger implements Logger
{
    /**
     * The last failure, which is not told again.
     */
    protected ?string $failure = null;

    /**
     * Create a new logger instance.
     *
     * @param  \Closure(string): void  $warn
     */
    public function __construct(protected Logger $logger, protected Closure $warn)
    {
        //
    }

    /**
     * Log a line of information.
     */
    public function info(string $title, ?string $message = null): void
    {
        $this->attempt(fn () => $this->logger->info($title, $message));
    }

    /**
     * Log an error.
     */
    public function error(string $message): void
    {
        $this->attempt(fn () => $this->logger->error($message));
    }

    /**
     * Log a message that was sent to or received from a client.
     */
    public function message(string $message): void
    {
        $this->attempt(fn () => $this->logger->message($message));
    }

    /**
     * Append new lines to the log.
     */
    public function line(int $lines = 1): void
    {
        $this->attempt(fn () => $this->logger->line($lines));
    }

    /**
     * Log something, and warn once as long as the same failure keeps it from being logged.
     *
     * @param  \Closure(): void  $log
     */
    protected function attempt(Closure $log): void
    {
        try {
            $log();
            $this->failure = null;
        } catch (Throwable $e) {
            if ($this->failure !== $e->getMessage()) {
                ($this->warn)("The logger failed, and the server goes on without it: {$e->getMessage()}");
            }

            $this->failure = $e->getMessage();
        }
    }
}
