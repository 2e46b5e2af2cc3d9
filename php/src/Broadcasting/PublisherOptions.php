<?php

namespace Laravel\Reverb\Broadcasting;

use Laravel\Reverb\Configuration\Section;

/**
 * What the native publisher is created with, taken from a broadcasting connection.
 *
 * @internal
 */
class PublisherOptions
{
    /**
     * The connection that has its values from the environment, as "php artisan reverb:install" writes it.
     */
    public const PACKAGED = 'reverb';

    /**
     * The most seconds that a time limit may have: more is a mistake in units.
     */
    protected const LONGEST_TIMEOUT = 600;

    /**
     * Create a new publisher options instance.
     *
     * @param  array<string, mixed>  $connection
     * @param  string  $name  Of the connection, to be told where a value cannot be used.
     */
    public function __construct(
        protected array $connection,
        protected ?string $socket = null,
        protected string $name = self::PACKAGED,
    ) {
        //
    }

    /**
     * Convert the options to the array the native publisher takes.
     *
     * @return array<string, mixed>
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidServerConfiguration
     */
    public function toArray(): array
    {
        $connection = $this->section();
        $options = $connection->section('options');
        $client = $connection->section('client_options');

        return $this->present([
            'app_id' => $connection->text('app_id'),
            'key' => $connection->text('key'),
            'secret' => $connection->text('secret'),
            'socket' => $this->socket,
            'host' => $options->string('host'),
            'port' => $options->optionalInteger('port', 1, 65_535),
            'scheme' => $options->string('scheme', ($options->get('useTLS') ?? true) ? 'https' : 'http'),
            'path' => $options->string('path'),
            'acknowledge' => $options->get('acknowledge') === null ? null : $options->boolean('acknowledge'),
            'encryption_master_key_base64' => $options->string('encryption_master_key_base64'),
            'encryption_master_key' => $options->string('encryption_master_key'),
            'connect_timeout' => $this->milliseconds($client, 'connect_timeout'),
            'timeout' => $this->milliseconds($client, 'timeout'),
            'verify' => $this->verify($client),
        ]);
    }

    /**
     * Get the options that have a value.
     *
     * @param  array<string, mixed>  $options
     * @return array<string, mixed>
     */
    protected function present(array $options): array
    {
        foreach ($options as $key => $value) {
            if ($value === null || $value === '') {
                unset($options[$key]);
            }
        }

        return $options;
    }

    /**
     * Get the connection as a section of the configuration.
     */
    protected function section(): Section
    {
        return new Section("broadcasting.connections.{$this->name}", $this->connection, variables: $this->name === self::PACKAGED ? [
            'app_id' => 'REVERB_APP_ID',
            'key' => 'REVERB_APP_KEY',
            'secret' => 'REVERB_APP_SECRET',
        ] : []);
    }

    /**
     * Get whether the server's certificate is verified, or the path of a file with the authorities for that.
     */
    protected function verify(Section $client): bool|string|null
    {
        $verify = $client->get('verify');

        return $verify === null || is_bool($verify) ? $verify : $client->text('verify');
    }

    /**
     * Get a time limit of the HTTP client, or null for the publisher's own: also for 0, by which Guzzle means none.
     */
    protected function milliseconds(Section $client, string $key): ?int
    {
        $seconds = $client->optionalNumber($key, self::LONGEST_TIMEOUT);

        return $seconds > 0 ? (int) ceil($seconds * 1000) : null;
    }
}
