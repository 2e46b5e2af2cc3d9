<?php

namespace Laravel\Reverb;

use Illuminate\Support\Collection;
use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Contracts\ApplicationProvider;
use Laravel\Reverb\Exceptions\InvalidApplication;

class ConfigApplicationProvider implements ApplicationProvider
{
    /**
     * The environment variables behind the credentials of the first application.
     */
    protected const VARIABLES = [
        'app_id' => 'REVERB_APP_ID',
        'key' => 'REVERB_APP_KEY',
        'secret' => 'REVERB_APP_SECRET',
    ];

    /**
     * Create a new application provider instance.
     *
     * @param  \Illuminate\Support\Collection<int, array<string, mixed>>  $applications
     */
    public function __construct(protected Collection $applications)
    {
        //
    }

    /**
     * Get all of the applications.
     *
     * @return \Illuminate\Support\Collection<int, \Laravel\Reverb\Application>
     */
    public function all(): Collection
    {
        $applications = new Section('reverb.apps.apps', $this->applications->all());

        return $this->applications->map(
            fn ($values, $index) => $this->application($applications->section($index, $this->variables($index)))
        );
    }

    /**
     * Find an application by its ID.
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidApplication
     */
    public function findById(string $id): Application
    {
        return $this->find(fn (Application $application) => $application->id() === $id);
    }

    /**
     * Find an application by its key.
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidApplication
     */
    public function findByKey(string $key): Application
    {
        return $this->find(fn (Application $application) => $application->key() === $key);
    }

    /**
     * Find the first application that passes the given test.
     *
     * @param  callable(\Laravel\Reverb\Application): bool  $test
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidApplication
     */
    protected function find(callable $test): Application
    {
        return $this->all()->first($test) ?? throw new InvalidApplication;
    }

    /**
     * Get the environment variables behind the application at the given index.
     *
     * @return array<string, string>
     */
    protected function variables(int|string $index): array
    {
        return $index === $this->applications->keys()->first() ? self::VARIABLES : [];
    }

    /**
     * Create an application from its section of the configuration.
     */
    protected function application(Section $section): Application
    {
        return new Application(
            $section->text($this->identifier($section)),
            $section->text('key'),
            $section->text('secret'),
            $section->integer('ping_interval', 1, Section::DAY),
            $section->integer('activity_timeout', 1, Section::DAY, default: 30),
            $section->texts('allowed_origins'),
            $section->integer('max_message_size', 0, Section::GIGABYTE),
            $section->optionalInteger('max_connections', 0, Section::COUNT),
            $section->choice('accept_client_events_from', ['all', 'members', 'none'], 'all'),
            $this->rateLimiting($section),
            $section->array('options'),
            $section->array('limits'),
            $section->boolean('subscription_count'),
        );
    }

    /**
     * Get the key of the application's ID, which was "id" once.
     */
    protected function identifier(Section $section): string
    {
        return $section->get('app_id') === null && $section->get('id') !== null ? 'id' : 'app_id';
    }

    /**
     * Get the rate limiting configuration, if there is one; the environment may have written "true" or 1.
     *
     * @return array<string, mixed>|null
     */
    protected function rateLimiting(Section $section): ?array
    {
        if ($section->get('rate_limiting') === null) {
            return null;
        }

        $limit = $section->section('rate_limiting');

        return ['enabled' => $limit->boolean('enabled')] + $section->array('rate_limiting');
    }
}
