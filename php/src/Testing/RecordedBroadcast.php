<?php

namespace Laravel\Reverb\Testing;

/**
 * What would have been sent to the server.
 */
final class RecordedBroadcast
{
    /**
     * Create a new recorded broadcast instance.
     *
     * @param  list<string>  $channels  As they are called on the wire, such as "private-orders.1".
     * @param  array<array-key, mixed>  $payload  As subscribers would receive it.
     * @param  string|null  $socket  The connection that would not receive the event.
     * @param  string|null  $connection  The broadcasting connection.
     * @param  object|null  $source  The event of the application, if it was one that was broadcast.
     */
    public function __construct(
        public readonly string $event,
        public readonly array $channels,
        public readonly array $payload,
        public readonly ?string $socket = null,
        public readonly ?string $connection = null,
        public readonly ?object $source = null,
    ) {
        //
    }

    /**
     * Determine whether it is the event of the given name or class.
     */
    public function is(string $event): bool
    {
        return $this->event === $event || $this->source instanceof $event;
    }

    /**
     * Determine whether all of the given channels would have received it.
     *
     * @param  list<string>  $channels
     */
    public function wentTo(array $channels): bool
    {
        return array_diff($channels, $this->channels) === [];
    }

    /**
     * Get a line that says what it was.
     */
    public function __toString(): string
    {
        return "[{$this->event}] on [".implode('], [', $this->channels).']'
            .($this->socket === null ? '' : " to others than [{$this->socket}]")
            .($this->connection === null ? '' : " through [{$this->connection}]");
    }
}
