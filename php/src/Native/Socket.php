<?php

namespace Laravel\Reverb\Native;

use InvalidArgumentException;
use Laravel\Reverb\Contracts\WebSocketConnection;
use Laravel\Reverb\Native\Contracts\NativeServer;

/**
 * A socket of the native server; once it has gone, nothing reaches anybody.
 *
 * @internal
 */
class Socket implements WebSocketConnection
{
    /**
     * Create a new socket instance.
     */
    public function __construct(
        protected NativeServer $server,
        protected string $id,
        protected int $place,
    ) {
        //
    }

    /**
     * Get the raw socket connection identifier.
     */
    public function id(): string
    {
        return $this->id;
    }

    /**
     * Send a message to the connection.
     */
    public function send(mixed $message): void
    {
        $message = (string) $message;

        if (preg_match('//u', $message) !== 1) {
            throw new InvalidArgumentException('A message must be UTF-8: clients end a connection that sends them another text');
        }

        $this->server->send($this->id, $this->place, $message);
    }

    /**
     * Close the connection, with a last message if there is one.
     */
    public function close(mixed $message = null): void
    {
        if ($message !== null) {
            $this->send($message);
        }

        $this->server->disconnect($this->id, $this->place);
    }

    /**
     * Get what a queued listener may know.
     *
     * @return array{id: string, place: int}
     */
    public function __serialize(): array
    {
        return ['id' => $this->id, 'place' => $this->place];
    }

    /**
     * Restore the socket in another process.
     *
     * @param  array{id: string, place: int}  $data
     */
    public function __unserialize(array $data): void
    {
        ['id' => $this->id, 'place' => $this->place] = $data;
        $this->server = new AbsentServer;
    }
}
