<?php

namespace Laravel\Reverb\Servers\Reverb;

use Illuminate\Support\Collection;
use Laravel\Reverb\Application;
use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Exceptions\InvalidServerConfiguration;

/**
 * What the native server is started with, checked under the names Laravel's users know.
 *
 * @internal
 */
class ServerConfiguration
{
    /**
     * The bytes that the path of a unix socket may have on Linux.
     */
    protected const LONGEST_SOCKET = 107;

    /**
     * Create a new server configuration instance.
     *
     * @param  \Illuminate\Support\Collection<int, \Laravel\Reverb\Application>  $applications
     * @param  list<string>  $events
     * @param  \Laravel\Reverb\Configuration\Section|null  $redis  "database.redis" of the application
     */
    public function __construct(
        protected Section $server,
        protected Collection $applications,
        protected bool $debug = false,
        protected array $events = [],
        protected ?LookupConfiguration $lookups = null,
        protected ?Section $redis = null,
    ) {
        //
    }

    /**
     * Get the address the server is to be announced with.
     */
    public function host(): string
    {
        $host = $this->server->string('host');

        if (! filter_var(preg_replace('/\A\[(.*:.*)\]\z/s', '$1', $host), FILTER_VALIDATE_IP)) {
            throw InvalidServerConfiguration::host($this->server->name('host'), $host);
        }

        return $host;
    }

    /**
     * Get the prefix of the server's routes.
     */
    public function path(): string
    {
        $path = $this->server->string('path');

        return preg_match('/[\s?#]/', $path) === 0
            ? $path
            : throw InvalidServerConfiguration::type($this->server->name('path'), $path, 'a path such as /ws or empty');
    }

    /**
     * Get the public name of the server.
     */
    public function hostname(): string
    {
        return $this->server->string('hostname');
    }

    /**
     * Get the bytes that an HTTP request, or an event of a process of this machine, may have.
     */
    public function maxRequestSize(): int
    {
        return $this->server->integer('max_request_size', 1, Section::GIGABYTE, default: 10_000);
    }

    /**
     * Determine whether other servers have connections of the same applications.
     */
    public function isScaled(): bool
    {
        return $this->server->section('scaling')->boolean('enabled');
    }

    /**
     * Get the seconds after which what "pulse" or "telescope" have recorded is to be stored.
     */
    public function ingestInterval(string $monitor): int
    {
        return $this->server->integer("{$monitor}_ingest_interval", 1, Section::DAY, default: 15);
    }

    /**
     * Get the options of TLS.
     */
    public function tls(): TlsOptions
    {
        return new TlsOptions($this->server);
    }

    /**
     * Convert the configuration to the array the native server takes.
     *
     * @return array<string, mixed>
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidServerConfiguration
     */
    public function toArray(): array
    {
        $this->ensureApplicationsAreDistinct();

        // The native server has no use for it, but the banner must not fail once that has started...
        $this->hostname();

        return [
            'host' => $this->host(),
            'port' => $this->server->integer('port', 0, 65_535),
            'path' => $this->path(),
            'max_request_size' => $this->maxRequestSize(),
            'options' => ['tls' => $this->tls()->toArray()],
            'workers' => $this->server->integer('workers', 0, 1_024, default: 0),
            'socket' => $this->socket(),
            'trusted_proxies' => $this->trustedProxies(),
            'max_backlog' => $this->server->integer('max_backlog', 1_024, Section::GIGABYTE, default: 16_777_216),
            'cache_ttl' => $this->server->integer('cache_ttl', 1, Section::DAY, default: 1_800),
            'compression' => $this->server->boolean('compression'),
            'auth_timestamp_tolerance' => $this->timestampTolerance(),
            'coalesce' => $this->server->integer('coalesce', 0, 100_000, default: 0),
            'debug' => $this->debug,
            'events' => $this->events,
            'applications' => $this->applications->values()->map(
                fn (Application $application, int $index) => $this->application($application, $index)->toArray()
            )->all(),
            'provider' => $this->lookups?->toArray(),
            'scaling' => $this->scaling(),
        ];
    }

    /**
     * Get what may be meant otherwise than it is written.
     *
     * @return list<string>
     */
    public function warnings(): array
    {
        $applications = $this->applications->values()->flatMap(
            fn (Application $application, int $index) => $this->application($application, $index)->warnings()
        );

        $options = $this->server->section('options');
        $ignored = collect($options->all())->except('tls')->filter()->keys()->map(
            fn ($option) => "[{$options->name($option)}] has no effect: the server makes its sockets itself"
        );

        return [...$applications, ...$ignored];
    }

    /**
     * Get an application as it stands in the configuration.
     */
    protected function application(Application $application, int $index): ApplicationConfiguration
    {
        return new ApplicationConfiguration($application, "reverb.apps.apps.{$index}");
    }

    /**
     * Ensure that no two applications share a key or an ID.
     */
    protected function ensureApplicationsAreDistinct(): void
    {
        if ($this->applications->isEmpty() && ! $this->lookups?->needed()) {
            throw InvalidServerConfiguration::withoutApplications();
        }

        foreach (['app_id', 'key'] as $attribute) {
            $seen = [];

            foreach ($this->applications->values() as $index => $application) {
                $name = "reverb.apps.apps.{$index}.{$attribute}";
                $value = $application->toArray()[$attribute];

                if (isset($seen["={$value}"])) {
                    throw InvalidServerConfiguration::duplicate($name, $seen["={$value}"]);
                }

                $seen["={$value}"] = $name;
            }
        }
    }

    /**
     * Get how the server works together with others, or null if it works alone.
     *
     * @return array<string, mixed>|null
     */
    protected function scaling(): ?array
    {
        $redis = $this->redis ?? new Section('database.redis', []);

        return (new ScalingConfiguration($this->server->section('scaling'), $redis))->toArray();
    }

    /**
     * Get the path of the socket for the PHP processes of this machine.
     */
    protected function socket(): ?string
    {
        $socket = $this->server->get('socket', '');

        if ($socket !== '' && (! is_string($socket) || ! str_starts_with($socket, '/') || strlen($socket) > self::LONGEST_SOCKET)) {
            throw InvalidServerConfiguration::type(
                $this->server->name('socket'), $socket, 'null or an absolute path of at most '.self::LONGEST_SOCKET.' bytes'
            );
        }

        return $socket === '' ? null : $socket;
    }

    /**
     * Get the proxies that are believed; the environment has them with commas in between.
     *
     * @return list<string>
     */
    protected function trustedProxies(): array
    {
        $value = $this->server->get('trusted_proxies', []);
        $proxies = is_string($value) ? array_map(trim(...), explode(',', $value)) : $value;
        $proxies = in_array($proxies, [[''], null], true) ? [] : $proxies;

        if (! is_array($proxies) || ! collect($proxies)->every($this->isProxy(...))) {
            throw InvalidServerConfiguration::type(
                $this->server->name('trusted_proxies'), $value, 'a list of "*", IP addresses and networks such as 10.0.0.0/8'
            );
        }

        return array_values($proxies);
    }

    /**
     * Determine whether the given value stands for a proxy, or for a network of them.
     */
    protected function isProxy(mixed $value): bool
    {
        if (! is_string($value) || $value === '*') {
            return $value === '*';
        }

        [$address, $length] = [...explode('/', $value, 2), null];
        $bits = filter_var($address, FILTER_VALIDATE_IP, FILTER_FLAG_IPV4) ? 32 : 128;

        return filter_var($address, FILTER_VALIDATE_IP) !== false
            && ($length === null || (ctype_digit($length) && (int) $length <= $bits));
    }

    /**
     * Get the seconds by which the time of a request may differ; null is 0, which allows any time.
     */
    protected function timestampTolerance(): int
    {
        return $this->server->isNull('auth_timestamp_tolerance')
            ? 0
            : $this->server->integer('auth_timestamp_tolerance', 0, 31_536_000, default: 600);
    }
}
