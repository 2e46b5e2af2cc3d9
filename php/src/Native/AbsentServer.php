<?php

namespace Laravel\Reverb\Native;

use Laravel\Reverb\Native\Contracts\NativeServer;
use RuntimeException;

/**
 * The server as it looks from a queue worker: its connections and channels can be named there, but not reached.
 *
 * @internal
 */
class AbsentServer implements NativeServer
{
    public function port(): int
    {
        throw $this->absence();
    }

    public function poll(int $timeout): array
    {
        throw $this->absence();
    }

    public function applications(): array
    {
        throw $this->absence();
    }

    public function send(string $socketId, int $place, string $message): void
    {
        throw $this->absence();
    }

    public function disconnect(string $socketId, int $place): void
    {
        throw $this->absence();
    }

    public function broadcast(string $appId, string $channel, string $message, ?string $exceptSocketId = null): void
    {
        throw $this->absence();
    }

    public function subscribers(string $appId, string $channel): array
    {
        throw $this->absence();
    }

    public function channels(string $appId, string $prefix = ''): array
    {
        throw $this->absence();
    }

    public function cached(string $appId, string $channel): ?string
    {
        throw $this->absence();
    }

    public function question(): ?array
    {
        throw $this->absence();
    }

    public function answer(string $by, string $name, ?array $application): void
    {
        throw $this->absence();
    }

    public function unanswered(string $by, string $name): void
    {
        throw $this->absence();
    }

    public function stop(int $grace): void
    {
        throw $this->absence();
    }

    /**
     * Create the exception that says where the server is.
     */
    protected function absence(): RuntimeException
    {
        return new RuntimeException(
            'Connections and channels can be reached from listeners that run in reverb:start; this one was queued: let it broadcast instead'
        );
    }
}
