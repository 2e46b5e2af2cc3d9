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
     * Sign a connection's subscription to a channel.
     *
     * @return array{auth: string, channel_data?: string}
     */
    public function authorizeChannel(string $socketId, string $channel, ?string $channelData = null): array;

    /**
     * Sign the user of a connection.
     *
     * @return array{auth: string, user_data: string}
     */
    public function authenticateUser(string $socketId, string $userData): array;
}
