<?php

namespace Laravel\Reverb\Protocols\Pusher\Managers;

use Laravel\Reverb\Application;
use Laravel\Reverb\Native\Contracts\NativeServer;
use Laravel\Reverb\Protocols\Pusher\Channels\Channel;
use Laravel\Reverb\Protocols\Pusher\Channels\ChannelBroker;
use Laravel\Reverb\Protocols\Pusher\Channels\ChannelConnection;
use Laravel\Reverb\Protocols\Pusher\Contracts\ChannelManager;
use LogicException;

/**
 * The channels of the server in this process, as they are at the moment somebody asks.
 *
 * @internal
 */
class NativeChannelManager implements ChannelManager
{
    /**
     * The application whose channels are meant.
     */
    protected ?Application $application = null;

    /**
     * Create a new channel manager instance.
     */
    public function __construct(protected NativeServer $server)
    {
        //
    }

    /**
     * Get the application whose channels are meant.
     */
    public function app(): ?Application
    {
        return $this->application;
    }

    /**
     * Mean the channels of the given application from now on.
     */
    public function for(Application $application): ChannelManager
    {
        $this->application = $application;

        return $this;
    }

    /**
     * Get the channels by their names.
     *
     * @return array<string, \Laravel\Reverb\Protocols\Pusher\Channels\Channel>
     */
    public function all(): array
    {
        $names = $this->server->channels($this->application()->id());

        return array_combine($names, array_map($this->findOrCreate(...), $names));
    }

    /**
     * Determine whether the channel has subscribers.
     */
    public function exists(string $channel): bool
    {
        return in_array($channel, $this->server->channels($this->application()->id(), $channel), true);
    }

    /**
     * Find a channel that has subscribers.
     */
    public function find(string $channel): ?Channel
    {
        return $this->exists($channel) ? $this->findOrCreate($channel) : null;
    }

    /**
     * Get a channel, whether it has subscribers or not.
     */
    public function findOrCreate(string $channel): Channel
    {
        return ChannelBroker::create($channel, $this->application(), $this->server);
    }

    /**
     * Get the connections of the channel, or of all channels, by their socket IDs.
     *
     * @return array<string, \Laravel\Reverb\Protocols\Pusher\Channels\ChannelConnection>
     */
    public function connections(?string $channel = null): array
    {
        $channels = $channel === null ? $this->all() : [$this->findOrCreate($channel)];

        return array_reduce($channels, fn (array $connections, Channel $channel) => $connections + $channel->connections(), []);
    }

    /**
     * Find a connection that has subscribed to a channel by its socket ID.
     */
    public function findConnection(string $socketId): ?ChannelConnection
    {
        foreach ($this->all() as $channel) {
            if ($connection = $channel->findById($socketId)) {
                return $connection;
            }
        }

        return null;
    }

    /**
     * Get the application, which a listener's event has set.
     */
    protected function application(): Application
    {
        return $this->application
            ?? throw new LogicException('Say whose channels are meant: app(ChannelManager::class)->for($application)');
    }
}
