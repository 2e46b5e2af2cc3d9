<?php

namespace Laravel\Reverb\Protocols\Pusher\Channels;

class CacheChannel extends Channel
{
    /**
     * Determine whether the channel has kept its last event.
     */
    public function hasCachedPayload(): bool
    {
        return $this->cachedPayload() !== null;
    }

    /**
     * Get the last event, which new subscribers are told.
     *
     * @return array<string, mixed>|null
     */
    public function cachedPayload(): ?array
    {
        $message = $this->server->cached($this->application->id(), $this->name);

        return $message === null ? null : json_decode($message, true);
    }
}
