<?php

namespace Laravel\Reverb;

use Laravel\Reverb\Contracts\Connection as ConnectionContract;

class Connection extends ConnectionContract
{
    /**
     * Get the raw socket connection identifier.
     */
    public function identifier(): string
    {
        return (string) $this->connection->id();
    }

    /**
     * Get the normalized socket ID, which the native server has made.
     */
    public function id(): string
    {
        return $this->identifier();
    }

    /**
     * Send a message to the connection.
     */
    public function send(string $message): void
    {
        $this->connection->send($message);
    }

    /**
     * Terminate the connection.
     */
    public function terminate(): void
    {
        $this->connection->close();
    }
}
