<?php

namespace Laravel\Reverb\Native\Contracts;

/**
 * @internal
 */
interface NativeServer
{
    /**
     * Get the port the server listens on.
     */
    public function port(): int;

    /**
     * Wait for notices, at most for the given milliseconds or until a signal.
     *
     * @return list<array<string, mixed>>
     */
    public function poll(int $timeout): array;

    /**
     * Get the figures of each application; messages are counted from the start.
     *
     * @return list<array{app_id: string, connections: int, messages_received: int, messages_sent: int}>
     */
    public function applications(): array;

    /**
     * Send a text to a connection, if it is still there.
     */
    public function send(string $socketId, int $place, string $message): void;

    /**
     * Close a connection, if it is still there.
     */
    public function disconnect(string $socketId, int $place): void;

    /**
     * Send a text to the subscribers of a channel, but for one of them.
     */
    public function broadcast(string $appId, string $channel, string $message, ?string $exceptSocketId = null): void;

    /**
     * Get the subscribers of a channel.
     *
     * @return list<array{socket_id: string, place: int, address?: string, origin?: string, channel_data?: string}>
     */
    public function subscribers(string $appId, string $channel): array;

    /**
     * Get the names of the channels with subscribers here that begin with the prefix.
     *
     * @return list<string>
     */
    public function channels(string $appId, string $prefix = ''): array;

    /**
     * Get the message that a cache channel has kept.
     */
    public function cached(string $appId, string $channel): ?string;

    /**
     * Get the next application that is asked for.
     *
     * @return array{by: 'key'|'id', name: string}|null
     */
    public function question(): ?array;

    /**
     * Answer which application has this key or ID; null if there is none.
     *
     * @param  array<string, mixed>|null  $application
     *
     * @throws \RuntimeException
     */
    public function answer(string $by, string $name, ?array $application): void;

    /**
     * Say that it could not be found out.
     */
    public function unanswered(string $by, string $name): void;

    /**
     * Stop accepting, close the connections within the given milliseconds and end the threads.
     */
    public function stop(int $grace): void;
}
