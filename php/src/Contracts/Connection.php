<?php

namespace Laravel\Reverb\Contracts;

use Illuminate\Container\Container;
use Laravel\Reverb\Application;

abstract class Connection
{
    /**
     * Create a new connection instance.
     */
    public function __construct(
        protected WebSocketConnection $connection,
        protected Application $application,
        protected ?string $origin,
        protected ?string $ip = null,
    ) {
        //
    }

    /**
     * Get the raw socket connection identifier.
     */
    abstract public function identifier(): string;

    /**
     * Get the normalized socket ID.
     */
    abstract public function id(): string;

    /**
     * Send a message to the connection.
     */
    abstract public function send(string $message): void;

    /**
     * Terminate the connection.
     */
    abstract public function terminate(): void;

    /**
     * Get the application the connection belongs to.
     */
    public function app(): Application
    {
        return $this->application;
    }

    /**
     * Get the origin of the connection.
     */
    public function origin(): ?string
    {
        return $this->origin;
    }

    /**
     * Get the address of the client, which a trusted proxy may have told.
     */
    public function ip(): ?string
    {
        return $this->ip;
    }

    /**
     * Disconnect the connection, which leaves its channels.
     */
    public function disconnect(): void
    {
        $this->terminate();
    }

    /**
     * Get what a queued listener may know; the application's secret stays here.
     *
     * @return array{connection: \Laravel\Reverb\Contracts\WebSocketConnection, app_id: string, origin: string|null, ip: string|null}
     */
    public function __serialize(): array
    {
        return [
            'connection' => $this->connection,
            'app_id' => $this->application->id(),
            'origin' => $this->origin,
            'ip' => $this->ip,
        ];
    }

    /**
     * Restore the connection in another process.
     *
     * @param  array{connection: \Laravel\Reverb\Contracts\WebSocketConnection, app_id: string, origin: string|null, ip: string|null}  $data
     */
    public function __unserialize(array $data): void
    {
        ['connection' => $this->connection, 'origin' => $this->origin, 'ip' => $this->ip] = $data;
        $this->application = Container::getInstance()->make(ApplicationProvider::class)->findById($data['app_id']);
    }
}
