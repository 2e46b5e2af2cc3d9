<?php

namespace Laravel\Reverb\Protocols\Pusher\Contracts;

use Laravel\Reverb\Application;
use Laravel\Reverb\Protocols\Pusher\Channels\Channel;
use Laravel\Reverb\Protocols\Pusher\Channels\ChannelConnection;

interface ChannelManager
{
    /**
     * Get the application whose channels are meant.
     */
    public function app(): ?Application;

    /**
     * Mean the channels of the given application from now on.
     */
    public function for(Application $application): ChannelManager;

    /**
     * Get the channels by their names.
     *
     * @return array<string, \Laravel\Reverb\Protocols\Pusher\Channels\Channel>
     */
    public function all(): array;

    /**
     * Determine whether the channel has subscribers.
     */
    public function exists(string $channel): bool;

    /**
     * Find a channel that has subscribers.
     */
    public function find(string $channel): ?Channel;

    /**
     * Get a channel, whether it has subscribers or not.
     */
    public function findOrCreate(string $channel): Channel;

    /**
     * Get the connections of the channel, or of all channels, by their socket IDs.
     *
     * @return array<string, \Laravel\Reverb\Protocols\Pusher\Channels\ChannelConnection>
     */
    public function connections(?string $channel = null): array;

    /**
     * Find a connection that has subscribed to a channel by its socket ID.
     */
    public function findConnection(string $socketId): ?ChannelConnection;
}
