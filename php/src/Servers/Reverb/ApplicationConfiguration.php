<?php

namespace Laravel\Reverb\Servers\Reverb;

use Laravel\Reverb\Application;
use Laravel\Reverb\Configuration\Section;

/**
 * An application as the native server takes it.
 *
 * @internal
 */
class ApplicationConfiguration
{
    /**
     * The limits that an application may have, and the most that each may be.
     */
    protected const LIMITS = [
        'channel_name_length' => 255,
        'channels_per_connection' => Section::GIGABYTE,
        'presence_members' => Section::GIGABYTE,
        'member_data_size' => Section::GIGABYTE,
        'client_events_per_second' => Section::COUNT,
        'watchlist_size' => Section::GIGABYTE,
        'event_name_length' => Section::GIGABYTE,
        'event_data_size' => Section::GIGABYTE,
        'channels_per_event' => Section::GIGABYTE,
        'events_per_batch' => Section::GIGABYTE,
    ];

    /**
     * Create a new application configuration instance, whose faults are told under the given name.
     */
    public function __construct(protected Application $application, protected string $name)
    {
        //
    }

    /**
     * Get the limits in the given section of an application.
     *
     * @return array<string, int|null>
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidServerConfiguration
     */
    public static function limits(Section $limits): array
    {
        return collect(self::LIMITS)
            ->mapWithKeys(fn ($maximum, $limit) => [$limit => $limits->optionalInteger($limit, 1, $maximum)])
            ->all();
    }

    /**
     * Convert the application to the array the native server takes.
     *
     * @return array<string, mixed>
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidServerConfiguration
     */
    public function toArray(): array
    {
        return [
            'app_id' => $this->application->id(),
            'key' => $this->application->key(),
            'secret' => $this->application->secret(),
            'ping_interval' => $this->application->pingInterval(),
            'activity_timeout' => $this->application->activityTimeout(),
            'allowed_origins' => array_values($this->application->allowedOrigins()),
            'max_message_size' => $this->application->maxMessageSize(),
            'max_connections' => $this->application->maxConnections(),
            'accept_client_events_from' => $this->application->acceptClientEventsFrom(),
            'limits' => static::limits(new Section("{$this->name}.limits", $this->application->limits())),
            'subscription_count' => $this->application->tellsSubscriptionCount(),
            ...$this->application->usesRateLimiting() ? ['rate_limiting' => $this->rateLimiting()] : [],
        ];
    }

    /**
     * Get what may be meant otherwise than it is written.
     *
     * @return list<string>
     */
    public function warnings(): array
    {
        $unknown = array_diff(array_keys($this->application->limits()), array_keys(self::LIMITS));

        return [
            ...$this->originWarnings($this->application->allowedOrigins()),
            ...array_map(fn ($limit) => "[{$this->name}.limits.{$limit}] has no effect: there is no such limit", array_values($unknown)),
        ];
    }

    /**
     * Get what is odd about the origins that may connect.
     *
     * @param  array<int, string>  $origins
     * @return list<string>
     */
    protected function originWarnings(array $origins): array
    {
        if ($origins === []) {
            return ["[{$this->name}.allowed_origins] is empty, so that nobody may connect: \"*\" allows everybody"];
        }

        $odd = preg_grep('#\A\z|[\s/]|[^:\]]:\d+\z#', $origins);

        return $odd === [] ? [] : [sprintf(
            '[%s.allowed_origins] has "%s", which no origin matches: write host names, without scheme and port',
            $this->name, reset($odd),
        )];
    }

    /**
     * Get the rate limit of an application that has one.
     *
     * @return array<string, mixed>
     */
    protected function rateLimiting(): array
    {
        $limit = new Section("{$this->name}.rate_limiting", $this->application->rateLimiting() ?? []);

        return [
            'enabled' => true,
            'max_attempts' => $limit->integer('max_attempts', 1, Section::COUNT),
            'decay_seconds' => $limit->integer('decay_seconds', 1, Section::DAY, default: 1),
            'terminate_on_limit' => $limit->boolean('terminate_on_limit'),
        ];
    }
}
