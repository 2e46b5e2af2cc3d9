<?php

namespace Laravel\Reverb\Servers\Reverb;

use Laravel\Reverb\Configuration\Section;

/**
 * When an application provider of the application's own is asked, as the native server takes it.
 *
 * @internal
 */
class LookupConfiguration
{
    /**
     * Create a new lookup configuration instance.
     */
    public function __construct(protected Section $apps, protected bool $needed)
    {
        //
    }

    /**
     * Determine whether there may be further applications than the server is started with.
     */
    public function needed(): bool
    {
        return $this->needed;
    }

    /**
     * Convert the configuration to the array the native server takes; what is wrong is told even if it is not needed.
     *
     * @return array<string, int>|null
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidServerConfiguration
     */
    public function toArray(): ?array
    {
        $lookups = [
            'cache_ttl' => $this->apps->integer('cache_ttl', 1, Section::DAY, default: 60),
            'unknown_ttl' => $this->apps->integer('unknown_ttl', 1, Section::DAY, default: 10),
            'lookup_timeout' => $this->apps->integer('lookup_timeout', 1, 60, default: 3),
            'lookups_per_second' => $this->apps->integer('lookups_per_second', 1, 100_000, default: 200),
        ];

        return $this->needed ? $lookups : null;
    }
}
