<?php

namespace Laravel\Reverb\Native;

use Laravel\Reverb\Native\Contracts\NativeServer;
use Reverb\Server;

/**
 * The server of the extension.
 *
 * @internal
 */
class ExtensionServer implements NativeServer
{
    /**
     * Create a new extension server instance.
     */
    public function __construct(protected Server $server)
    {
        //
    }

    public function port(): int
    {
        return $this->server->port();
    }

    public function poll(int $timeout): array
    {
        return $this->server->poll($timeout);
    }

    public function applications(): array
    {
        return $this->server->applications();
    }

    public function send(string $socketId, int $place, string $message): void
    {
        $this->server->send($socketId, $place, $message);
    }

    public function disconnect(string $socketId, int $place): void
    {
        $this->server->disconnect($socketId, $place);
    }

    public function broadcast(string $appId, string $channel, string $message, ?string $exceptSocketId = null): void
    {
        $this->server->broadcast($appId, $channel, $message, $exceptSocketId);
    }

    public function subscribers(string $appId, string $channel): array
    {
        return $this->server->subscribers($appId, $channel);
    }

    public function channels(string $appId, string $prefix = ''): array
    {
        return $this->server->channels($appId, $prefix);
    }

    public function cached(string $appId, string $channel): ?string
    {
        return $this->server->cached($appId, $channel);
    }

    public function question(): ?array
    {
        return $this->server->question();
    }

    public function answer(string $by, string $name, ?array $application): void
    {
        $this->server->answer($by, $name, $application);
    }

    public function unanswered(string $by, string $name): void
    {
        $this->server->unanswered($by, $name);
    }

    public function stop(int $grace): void
    {
        $this->server->stop($grace);
    }
}
