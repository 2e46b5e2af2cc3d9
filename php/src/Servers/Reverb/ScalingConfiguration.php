<?php

namespace Laravel\Reverb\Servers\Reverb;

use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Exceptions\InvalidServerConfiguration;

/**
 * Where the Redis between several servers is: as Reverb's own keys say, or the application's Redis configuration.
 *
 * @internal
 */
class ScalingConfiguration
{
    /**
     * The largest number of a database.
     */
    protected const LARGEST_DATABASE = 1_000_000;

    /**
     * The options of TLS, by PHP's names.
     */
    protected const TLS_PATHS = ['cafile', 'local_cert', 'local_pk'];

    /**
     * Create a new scaling configuration instance.
     *
     * @param  \Laravel\Reverb\Configuration\Section  $redis  "database.redis" of the application
     */
    public function __construct(protected Section $scaling, protected Section $redis)
    {
        //
    }

    /**
     * Convert the configuration to the array the native server takes, or null if the server works alone.
     *
     * @return array<string, mixed>|null
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidServerConfiguration
     */
    public function toArray(): ?array
    {
        if (! $this->scaling->boolean('enabled')) {
            return null;
        }

        $own = $this->scaling->array('server');

        return [
            'channel' => $this->label($this->scaling, 'channel', 'reverb', mayBeEmpty: false),
            ...$own === [] ? $this->ofTheApplication() : [
                'prefix' => $this->label($this->scaling, 'prefix'),
                ...$this->connection($this->scaling->section('server')),
            ],
        ];
    }

    /**
     * Get the application's own Redis, with its prefix.
     *
     * @return array<string, mixed>
     */
    protected function ofTheApplication(): array
    {
        $options = $this->redis->section('options');
        $prefix = $this->scaling->get('prefix') ? $this->scaling : $options;
        $clusters = $this->redis->section('clusters');

        if ($this->redis->array('default') === [] && ($nodes = $clusters->array('default')) !== []) {
            return [
                'prefix' => $this->label($prefix, 'prefix'),
                ...$this->cluster($clusters->section('default'), array_keys($nodes)),
            ];
        }

        if ($this->redis->array('default') === []) {
            throw InvalidServerConfiguration::type($this->redis->name('default'), null, 'the Redis of the application, or scaling.server be set');
        }

        $connection = $this->redis->section('default');
        $ownOptions = $connection->section('options');

        if (($ownOptions->get('replication') ?? $options->get('replication')) === 'sentinel') {
            $settings = [...$options->array('parameters'), ...$ownOptions->array('parameters')];

            return [
                'prefix' => $this->label($prefix, 'prefix'),
                ...$this->sentinels($connection, $ownOptions->get('service') === null ? $options : $ownOptions, $settings),
            ];
        }

        return [
            'prefix' => $this->label($connection->get('prefix') && $prefix === $options ? $connection : $prefix, 'prefix'),
            ...$this->connection($connection),
        ];
    }

    /**
     * Read one connection, which may be a list of cluster nodes or know sentinels.
     *
     * @return array<string, mixed>
     */
    protected function connection(Section $connection): array
    {
        if (is_array($connection->get(0))) {
            $nodes = $connection->all();

            return $this->cluster($connection, array_filter(array_keys($nodes), is_int(...)));
        }

        if ($connection->get('sentinel_host') !== null) {
            return $this->knownSentinel($connection);
        }

        $connection = $this->withUrl($connection);
        // Of no use here, as a server never gives up; but what is wrong is said.
        $connection->optionalNumber('timeout');

        return [
            'servers' => [$this->address($connection)],
            'database' => $this->database($connection),
            ...$this->access($connection),
        ];
    }

    /**
     * Read the nodes of a Redis Cluster; who they let in, is the same for all.
     *
     * @param  list<int|string>  $keys
     * @return array<string, mixed>
     */
    protected function cluster(Section $nodes, array $keys): array
    {
        $sections = array_map(fn ($key) => $this->withUrl($nodes->section($key)), $keys);

        foreach ($sections as $section) {
            if ($this->database($section) !== 0) {
                throw InvalidServerConfiguration::type($section->name('database'), $section->get('database'), '0, the only database of a cluster');
            }
        }

        return [
            'servers' => array_map($this->address(...), $sections),
            'cluster' => true,
            ...$this->access($sections[0]),
        ];
    }

    /**
     * Read a list of sentinels as Predis takes it.
     *
     * @param  array<string, mixed>  $parameters  of the master
     * @return array<string, mixed>
     */
    protected function sentinels(Section $connection, Section $options, array $parameters): array
    {
        $addresses = [];

        foreach ($connection->all() as $key => $address) {
            if (! is_int($key)) {
                continue;
            }

            $addresses[] = $this->withUrl(is_array($address)
                ? $connection->section($key)
                : new Section($connection->name($key), ['url' => $address]));
        }

        if ($addresses === []) {
            throw InvalidServerConfiguration::type($connection->name('0'), null, 'the address of a sentinel');
        }

        $parameters = $this->withUrl(new Section($options->name('parameters'), $parameters));

        return [
            'servers' => array_map($this->address(...), $addresses),
            'sentinel' => ['service' => $options->text('service'), ...$this->credentials($addresses[0])],
            'database' => $this->database($parameters),
            ...$this->access($parameters),
        ];
    }

    /**
     * Read a connection that names its sentinel beside the master's credentials, as phpredis' users do.
     *
     * @return array<string, mixed>
     */
    protected function knownSentinel(Section $connection): array
    {
        $hosts = $connection->get('sentinel_host');
        $hosts = is_array($hosts) ? $hosts : explode(',', $connection->text('sentinel_host'));

        return [
            'servers' => array_map(fn ($host) => [
                'host' => is_string($host) && trim($host) !== ''
                    ? trim($host)
                    : throw InvalidServerConfiguration::type($connection->name('sentinel_host'), $host, 'a host, or a list of them'),
                'port' => $connection->integer('sentinel_port', 1, 65_535, default: 26_379),
            ], array_values($hosts)),
            'sentinel' => [
                'service' => $connection->text('sentinel_service'),
                'username' => $connection->string('sentinel_username'),
                'password' => $connection->string('sentinel_password'),
            ],
            'database' => $this->database($connection),
            ...$this->access($connection),
        ];
    }

    /**
     * Get who the server is to Redis, and how it knows Redis.
     *
     * @return array<string, mixed>
     */
    protected function access(Section $connection): array
    {
        return [...$this->credentials($connection), 'tls' => $this->tls($connection)];
    }

    /**
     * Get the user and the password.
     *
     * @return array{username: string, password: string}
     */
    protected function credentials(Section $connection): array
    {
        return ['username' => $connection->string('username'), 'password' => $connection->string('password')];
    }

    /**
     * Get where Redis listens.
     *
     * @return array<string, mixed>
     */
    protected function address(Section $connection): array
    {
        $host = $connection->string('host', '127.0.0.1');

        if ($connection->get('scheme') === 'unix' || str_starts_with($host, '/')) {
            $path = $connection->get('path') ?? $host;

            return is_string($path) && str_starts_with($path, '/')
                ? ['path' => $path]
                : throw InvalidServerConfiguration::type($connection->name('path'), $path, 'an absolute path');
        }

        return [
            'host' => $connection->text('host'),
            'port' => $connection->integer('port', 1, 65_535, default: 6_379),
        ];
    }

    /**
     * Get the number of the database.
     */
    protected function database(Section $connection): int
    {
        return $connection->integer('database', 0, self::LARGEST_DATABASE, default: 0);
    }

    /**
     * Get the options of TLS, or null if Redis is spoken to in the clear.
     *
     * @return array<string, mixed>|null
     */
    protected function tls(Section $connection): ?array
    {
        if (! in_array($connection->get('scheme'), ['tls', 'rediss'], true)) {
            return null;
        }

        // Predis' name for it, and phpredis'...
        $options = $connection->get('ssl') !== null
            ? $connection->section('ssl')
            : $connection->section('context')->section('stream');

        if (! $options->boolean('verify_peer_name', true)) {
            throw InvalidServerConfiguration::unsupported($options->name('verify_peer_name'), 'set peer_name to the name in the certificate');
        }

        return [
            'verify_peer' => $options->boolean('verify_peer', true) && ! $options->boolean('allow_self_signed'),
            ...collect([...self::TLS_PATHS, 'peer_name'])
                ->mapWithKeys(fn ($key) => [$key => $options->string($key) ?: null])
                ->all(),
        ];
    }

    /**
     * Get a name of keys and channels: braces have a meaning of their own in Redis Cluster.
     */
    protected function label(Section $section, string $key, string $default = '', bool $mayBeEmpty = true): string
    {
        $label = $section->string($key, $default);

        return strlen($label) <= 200 && strpbrk($label, '{}') === false && ($mayBeEmpty || $label !== '')
            ? $label
            : throw InvalidServerConfiguration::type($section->name($key), $label, 'a text of 1 to 200 bytes without { and }');
    }

    /**
     * Read a connection's URL; what it says comes before what is said beside it.
     */
    protected function withUrl(Section $connection): Section
    {
        $values = $connection->all();
        $url = $connection->get('url') ?: null;
        // "tls://redis.example" is a common way to write a host.
        $url ??= is_string($values['host'] ?? null) && str_contains($values['host'], '://') ? $values['host'] : null;

        if ($url === null) {
            return $connection;
        }

        $name = $connection->get('url') ? 'url' : 'host';
        $parts = is_string($url) ? parse_url(preg_replace('#\Aunix:/*#', 'unix://localhost/', $url)) : false;

        if (! is_array($parts) || ! in_array($parts['scheme'] ?? null, ['redis', 'tcp', 'rediss', 'tls', 'unix'], true)) {
            // It may have a password in it...
            throw InvalidServerConfiguration::url($connection->name($name), 'redis://, rediss://, tcp://, tls:// or unix:///');
        }

        return $connection->with(array_filter(
            $parts['scheme'] === 'unix'
                ? ['scheme' => 'unix', 'path' => $parts['path'] ?? '']
                : [
                    'scheme' => $parts['scheme'],
                    'host' => isset($parts['host']) ? trim($parts['host'], '[]') : null,
                    'port' => $parts['port'] ?? null,
                    'username' => isset($parts['user']) && $parts['user'] !== '' ? rawurldecode($parts['user']) : null,
                    'password' => isset($parts['pass']) ? rawurldecode($parts['pass']) : null,
                    'database' => trim($parts['path'] ?? '', '/') ?: null,
                ],
            fn ($value) => $value !== null,
        ));
    }
}
