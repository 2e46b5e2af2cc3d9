<?php

namespace Laravel\Reverb\Native\Contracts;

/**
 * @internal
 */
interface NativePublisher
{
    /**
     * Publish the event to the given channels.
     *
     * @param  list<string>  $channels
     *
     * @throws \RuntimeException
     */
    public function publish(array $channels, string $event, string $data, ?string $socketId = null): void;

    /**
     * Check the event as publish() and a server of the given limits would, and send nothing.
     *
     * @param  list<string>  $channels
     * @param  array<string, int|null>  $limits
     *
     * @throws \RuntimeException
     */
    public function check(array $channels, string $event, string $data, ?string $socketId, array $limits): void;

    /**
     * Wait for no event before the batch is settled, and send those that go over HTTP together.
     */
    public function openBatch(): void;

    /**
     * End the batch, and wait until the server has answered every event that was not waited for.
     *
     * @throws \RuntimeException
     */
    public function settle(): void;

    /**
     * Get the number of this process's events that failed after their call had returned.
     */
    public function failures(): int;

    /**
     * Get the number of the application's connections and of its occupied channels.
     *
     * @return array{connections: int, channels: int}
     *
     * @throws \RuntimeException
     */
    public function stats(): array;

    /**
     * Get the way of the last event or question: "process", "unix" or "http".
     */
    public function route(): string;

    /**
     * Sign a connection's subscription to a channel.
     *
     * @return array{auth: string, channel_data?: string, shared_secret?: string}
     *
     * @throws \RuntimeException
     */
    public function authorizeChannel(string $socketId, string $channel, ?string $channelData = null): array;

    /**
     * Sign the user of a connection.
     *
     * @return array{auth: string, user_data: string}
     */
    public function authenticateUser(string $socketId, string $userData): array;
}
