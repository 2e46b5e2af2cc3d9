<?php

namespace Laravel\Reverb\Testing;

use Illuminate\Contracts\Config\Repository;
use Illuminate\Support\Collection;
use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Servers\Reverb\ApplicationConfiguration;
use Laravel\Reverb\Servers\Reverb\ServerConfiguration;

/**
 * What a server that is started with the configuration holds an event against.
 *
 * @internal
 */
class ServerLimits
{
    /**
     * Create a new server limits instance.
     */
    public function __construct(protected Repository $config)
    {
        //
    }

    /**
     * Get the limits for the events of the given application.
     *
     * @return array<string, int|null>
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidServerConfiguration
     */
    public function of(string $appId): array
    {
        $server = new ServerConfiguration(Section::of($this->config, 'reverb.servers.reverb'), new Collection);
        $application = $this->application($appId);

        return [
            'max_request_size' => $server->maxRequestSize(),
            ...$application ? ApplicationConfiguration::limits($application->section('limits')) : [],
        ];
    }

    /**
     * Get the section of the given application, or else of the first one.
     */
    protected function application(string $appId): ?Section
    {
        // Another provider is not asked, as it may need a database that the test has not...
        if (($this->config->get('reverb.apps.provider') ?? 'config') !== 'config') {
            return null;
        }

        $section = Section::of($this->config, 'reverb.apps')->section('apps');
        $applications = (new Collection($section->all()))->keys()->map(fn (int|string $index) => $section->section($index));

        return $applications->first(fn (Section $application) => $this->id($application) === $appId) ?? $applications->first();
    }

    /**
     * Get the ID of an application, which was "id" once; in tests it may have none.
     */
    protected function id(Section $application): string
    {
        return $application->string($application->get('app_id') === null ? 'id' : 'app_id');
    }
}
