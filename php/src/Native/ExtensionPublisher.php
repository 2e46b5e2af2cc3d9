<?php

namespace Laravel\Reverb\Native;

use Laravel\Reverb\Native\Contracts\NativePublisher;
use Reverb\Publisher;

/**
 * A publisher of the extension.
 *
 * @internal
 */
class ExtensionPublisher implements NativePublisher
{
    /**
     * Create a new extension publisher instance.
     */
    public function __construct(protected Publisher $publisher)
    {
        //
    }

    public function publish(array $channels, string $event, string $data, ?string $socketId = null): void
    {
        $this->publisher->publish($channels, $event, $data, $socketId);
    }

    public function check(array $channels, string $event, string $data, ?string $socketId, array $limits): void
    {
        $this->publisher->check($channels, $event, $data, $socketId, $limits);
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
}
