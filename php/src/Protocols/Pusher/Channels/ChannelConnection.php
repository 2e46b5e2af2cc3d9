<?php

namespace Laravel\Reverb\Protocols\Pusher\Channels;

use Illuminate\Support\Arr;
use Laravel\Reverb\Contracts\Connection;

/**
 * @mixin \Laravel\Reverb\Contracts\Connection
 */
class ChannelConnection
{
    /**
     * Create a new channel connection instance.
     *
     * @param  array<string, mixed>  $data
     */
    public function __construct(protected Connection $connection, protected array $data = [])
    {
        //
    }

    /**
     * Get the underlying connection.
     */
    public function connection(): Connection
    {
        return $this->connection;
    }

    /**
     * Get the data the connection has subscribed with, or one value of it.
     */
    public function data(?string $key = null): mixed
    {
        return $key === null ? $this->data : Arr::get($this->data, $key);
    }

    /**
     * Send a message to the connection.
     */
    public function send(string $message): void
    {
        $this->connection->send($message);
    }

    /**
     * Pass the call on to the connection.
     *
     * @param  array<int, mixed>  $arguments
     */
    public function __call(string $method, array $arguments): mixed
    {
        return $this->connection->{$method}(...$arguments);
    }
}
