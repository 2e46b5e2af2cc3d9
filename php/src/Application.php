<?php

namespace Laravel\Reverb;

class Application
{
    /**
     * Create a new application instance.
     *
     * @param  array<int, string>  $allowedOrigins
     * @param  array<string, mixed>|null  $rateLimiting
     * @param  array<string, mixed>  $options
     * @param  array<string, mixed>  $limits
     */
    public function __construct(
        protected string $id,
        protected string $key,
        protected string $secret,
        protected int $pingInterval,
        protected int $activityTimeout,
        protected array $allowedOrigins,
        protected int $maxMessageSize,
        protected ?int $maxConnections = null,
        protected string $acceptClientEventsFrom = 'members',
        protected ?array $rateLimiting = null,
        protected array $options = [],
        protected array $limits = [],
        protected bool $subscriptionCount = false,
    ) {
        //
    }

    /**
     * Get the application ID.
     */
    public function id(): string
    {
        return $this->id;
    }

    /**
     * Get the application key.
     */
    public function key(): string
    {
        return $this->key;
    }

    /**
     * Get the application secret.
     */
    public function secret(): string
    {
        return $this->secret;
    }

    /**
     * Get the origins that may connect.
     *
     * @return array<int, string>
     */
    public function allowedOrigins(): array
    {
        return $this->allowedOrigins;
    }

    /**
     * Get the seconds after which a silent connection is pinged.
     */
    public function pingInterval(): int
    {
        return $this->pingInterval;
    }

    /**
     * Get the seconds of silence after which a client should ping.
     */
    public function activityTimeout(): int
    {
        return $this->activityTimeout;
    }

    /**
     * Get the maximum number of connections.
     */
    public function maxConnections(): ?int
    {
        return $this->maxConnections;
    }

    /**
     * Determine whether the number of connections is limited.
     */
    public function hasMaxConnectionLimit(): bool
    {
        return $this->maxConnections !== null;
    }

    /**
     * Get the maximum size of a client's message, in bytes.
     */
    public function maxMessageSize(): int
    {
        return $this->maxMessageSize;
    }

    /**
     * Get the kind of connections that may send client events.
     */
    public function acceptClientEventsFrom(): string
    {
        return $this->acceptClientEventsFrom;
    }

    /**
     * Get the limits that Pusher has and Laravel Reverb has not.
     *
     * @return array<string, mixed>
     */
    public function limits(): array
    {
        return $this->limits;
    }

    /**
     * Determine whether subscribers are told how many they are.
     */
    public function tellsSubscriptionCount(): bool
    {
        return $this->subscriptionCount;
    }

    /**
     * Get the rate limiting configuration.
     *
     * @return array<string, mixed>|null
     */
    public function rateLimiting(): ?array
    {
        return $this->rateLimiting;
    }

    /**
     * Determine whether the messages of a connection are rate limited.
     */
    public function usesRateLimiting(): bool
    {
        return ($this->rateLimiting['enabled'] ?? false) === true;
    }

    /**
     * Get the application's client options.
     *
     * @return array<string, mixed>
     */
    public function options(): array
    {
        return $this->options;
    }

    /**
     * Convert the application to an array.
     *
     * @return array<string, mixed>
     */
    public function toArray(): array
    {
        return [
            'app_id' => $this->id,
            'key' => $this->key,
            'secret' => $this->secret,
            'ping_interval' => $this->pingInterval,
            'activity_timeout' => $this->activityTimeout,
            'allowed_origins' => $this->allowedOrigins,
            'max_message_size' => $this->maxMessageSize,
            'options' => $this->options,
        ];
    }
}
