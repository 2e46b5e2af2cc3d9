<?php

namespace Laravel\Reverb\Native;

use Laravel\Reverb\Exceptions\ExtensionNotLoaded;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Native\Contracts\NativePublisher;
use Laravel\Reverb\Native\Contracts\NativeServer;
use Reverb\Publisher;
use Reverb\Server;

/**
 * The PHP extension. No other file names its classes.
 *
 * @internal
 */
class Extension implements Engine
{
    /**
     * Determine whether the extension is loaded.
     */
    public function loaded(): bool
    {
        return extension_loaded('reverb');
    }

    /**
     * Get the version of the extension, if it is loaded.
     */
    public function version(): ?string
    {
        return phpversion('reverb') ?: null;
    }

    /**
     * Determine whether whoever started this process wants it to outlive the terminal.
     */
    public function outlivesTerminal(): bool
    {
        return $this->loaded() && Server::outlivesTerminal();
    }

    /**
     * Start a server and bind its address.
     *
     * @param  array<string, mixed>  $configuration
     *
     * @throws \RuntimeException
     */
    public function startServer(array $configuration): NativeServer
    {
        $this->ensureItIsLoaded();

        return $this->wrapServer(Server::start($configuration));
    }

    /**
     * Create a publisher for one application.
     *
     * @param  array<string, mixed>  $options
     *
     * @throws \RuntimeException
     */
    public function publisher(array $options): NativePublisher
    {
        $this->ensureItIsLoaded();

        return $this->wrapPublisher(new Publisher($options));
    }

    /**
     * Ensure that the extension is loaded.
     *
     * @throws \Laravel\Reverb\Exceptions\ExtensionNotLoaded
     */
    protected function ensureItIsLoaded(): void
    {
        if (! $this->loaded()) {
            throw new ExtensionNotLoaded;
        }
    }

    /**
     * Give the extension's server the package's interface.
     */
    protected function wrapServer(Server $server): NativeServer
    {
        return new class($server) implements NativeServer
        {
            public function __construct(private Server $server) {}

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
        };
    }

    /**
     * Give the extension's publisher the package's interface.
     */
    protected function wrapPublisher(Publisher $publisher): NativePublisher
    {
        return new class($publisher) implements NativePublisher
        {
            public function __construct(private Publisher $publisher) {}

            public function publish(array $channels, string $event, string $data, ?string $socketId = null): void
            {
                $this->publisher->publish($channels, $event, $data, $socketId);
            }

            public function openBatch(): void
            {
                $this->publisher->openBatch();
            }

            public function settle(): void
            {
                $this->publisher->settle();
            }

            public function failures(): int
            {
                return $this->publisher->failures();
            }

            public function stats(): array
            {
                return $this->publisher->stats();
            }

            public function route(): string
            {
                return $this->publisher->route();
            }

            public function authorizeChannel(string $socketId, string $channel, ?string $channelData = null): array
            {
                return $this->publisher->authorizeChannel($socketId, $channel, $channelData);
            }

            public function authenticateUser(string $socketId, string $userData): array
            {
                return $this->publisher->authenticateUser($socketId, $userData);
            }
        };
    }
}
