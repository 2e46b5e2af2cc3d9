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
     * Create a new publisher options instance.
     *
     * @param  array<string, mixed>  $connection
     */
    public function __construct(protected array $connection, protected ?string $socket = null)
    {
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

        return array_filter([
            'app_id' => $connection->text('app_id'),
            'key' => $connection->text('key'),
            'secret' => $connection->text('secret'),
            'socket' => $this->socket,
            'host' => $options->string('host'),
            'port' => $options->get('port') === null ? null : $options->integer('port', 1, 65_535),
            'scheme' => $options->string('scheme', ($options->get('useTLS') ?? true) ? 'https' : 'http'),
            'path' => $options->string('path'),
            'acknowledge' => $options->get('acknowledge') === null ? null : $options->boolean('acknowledge'),
            'encryption_master_key_base64' => $options->string('encryption_master_key_base64'),
            'encryption_master_key' => $options->string('encryption_master_key'),
            ...$this->timeouts($connection->array('client_options')),
            'verify' => $this->verify($connection->section('client_options')),
        ], fn ($value) => $value !== null && $value !== '');
    }

    /**
     * Get the connection as a section of the configuration.
     */
    protected function section(): Section
    {
        return new Section('broadcasting.connections.reverb', $this->connection, variables: [
            'app_id' => 'REVERB_APP_ID',
            'key' => 'REVERB_APP_KEY',
            'secret' => 'REVERB_APP_SECRET',
        ]);
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
     * Get the HTTP client's time limits in milliseconds.
     *
     * @param  array<string, mixed>  $client
     * @return array<string, int|null>
     */
    protected function timeouts(array $client): array
    {
        return array_map(
            fn ($seconds) => is_numeric($seconds) && $seconds > 0 ? (int) ceil($seconds * 1000) : null,
            ['connect_timeout' => $client['connect_timeout'] ?? null, 'timeout' => $client['timeout'] ?? null]
        );
    }
}
