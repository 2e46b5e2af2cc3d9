<?php

namespace Laravel\Reverb\Contracts;

abstract class ServerProvider
{
    /**
     * Indicates whether the server should publish events to other servers.
     */
    protected bool $publishesEvents = false;

    /**
     * Register any server specific services.
     */
    public function register(): void
    {
        //
    }

    /**
     * Bootstrap any server specific services.
     */
    public function boot(): void
    {
        //
    }

    /**
     * Determine whether the server should publish events.
     */
    public function shouldPublishEvents(): bool
    {
        return $this->publishesEvents;
    }

    /**
     * Determine whether the server should not publish events.
     */
    public function shouldNotPublishEvents(): bool
    {
        return ! $this->shouldPublishEvents();
    }

    /**
     * Determine whether the server subscribes to events of other servers.
     */
    public function subscribesToEvents(): bool
    {
        return $this->shouldPublishEvents();
    }

    /**
     * Determine whether the server does not subscribe to events of other servers.
     */
    public function doesNotSubscribeToEvents(): bool
    {
        return ! $this->subscribesToEvents();
    }

    /**
     * Enable publishing of events.
     */
    public function withPublishing(): void
    {
        $this->publishesEvents = true;
    }
}
