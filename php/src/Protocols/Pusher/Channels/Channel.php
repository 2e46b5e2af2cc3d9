<?php

namespace Laravel\Reverb\Protocols\Pusher\Channels;

use Illuminate\Container\Container;
use Laravel\Reverb\Application;
use Laravel\Reverb\Connection as ReverbConnection;
use Laravel\Reverb\Contracts\ApplicationProvider;
use Laravel\Reverb\Contracts\Connection;
use Laravel\Reverb\Native\AbsentServer;
use Laravel\Reverb\Native\Contracts\NativeServer;
use Laravel\Reverb\Native\Socket;

/**
 * A channel of the native server, as it is at the moment somebody asks.
 */
class Channel
{
    /**
     * Create a new channel instance.
     */
    public function __construct(
        protected string $name,
        protected Application $application,
        protected NativeServer $server,
    ) {
        //
    }

    /**
     * Get the channel name.
     */
    public function name(): string
    {
        return $this->name;
    }

    /**
     * Get the connections of the channel by their socket IDs.
     *
     * @return array<string, \Laravel\Reverb\Protocols\Pusher\Channels\ChannelConnection>
     */
    public function connections(): array
    {
        $connections = [];

        foreach ($this->server->subscribers($this->application->id(), $this->name) as $subscriber) {
            $connections[$subscriber['socket_id']] = new ChannelConnection(
                new ReverbConnection(
                    new Socket($this->server, $subscriber['socket_id'], $subscriber['place']),
                    $this->application,
                    $subscriber['origin'] ?? null,
                    $subscriber['address'] ?? null,
                ),
                json_decode($subscriber['channel_data'] ?? '[]', true) ?? [],
            );
        }

        return $connections;
    }

    /**
     * Find a connection of the channel.
     */
    public function find(Connection $connection): ?ChannelConnection
    {
        return $this->findById($connection->id());
    }

    /**
     * Find a connection of the channel by its socket ID.
     */
    public function findById(string $id): ?ChannelConnection
    {
        return $this->connections()[$id] ?? null;
    }

    /**
     * Determine whether the connection has subscribed to the channel.
     */
    public function subscribed(Connection $connection): bool
    {
        return $this->find($connection) !== null;
    }

    /**
     * Send a message to the subscribers of the channel, but for the given connection.
     *
     * @param  array<string, mixed>  $payload
     */
    public function broadcast(array $payload, ?Connection $except = null): void
    {
        $this->server->broadcast(
            $this->application->id(), $this->name, json_encode($payload, JSON_THROW_ON_ERROR), $except?->id()
        );
    }

    /**
     * Send a message to all subscribers of the channel.
     *
     * @param  array<string, mixed>  $payload
     */
    public function broadcastToAll(array $payload): void
    {
        $this->broadcast($payload);
    }

    /**
     * Get the data that a new subscriber is told.
     *
     * @return array<string, mixed>
     */
    public function data(): array
    {
        return [];
    }

    /**
     * Get what a queued listener may know; the application's secret stays here.
     *
     * @return array{name: string, app_id: string}
     */
    public function __serialize(): array
    {
        return ['name' => $this->name, 'app_id' => $this->application->id()];
    }

    /**
     * Restore the channel in another process.
     *
     * @param  array{name: string, app_id: string}  $data
     */
    public function __unserialize(array $data): void
    {
        $this->name = $data['name'];
        $this->application = Container::getInstance()->make(ApplicationProvider::class)->findById($data['app_id']);
        $this->server = new AbsentServer;
    }
}
