<?php

namespace Laravel\Reverb\Testing;

use Illuminate\Contracts\Config\Repository;
use Illuminate\Contracts\Container\Container;
use Illuminate\Contracts\Events\Dispatcher;
use Illuminate\Support\Collection;
use Illuminate\Support\Str;
use Laravel\Reverb\Application;
use Laravel\Reverb\ApplicationManager;
use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Contracts\ApplicationProvider;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Native\Contracts\NativeServer;
use Laravel\Reverb\Servers\Reverb\EventRelay;
use Laravel\Reverb\Servers\Reverb\ServerConfiguration;
use WeakReference;

/**
 * A server that runs in the process of a test, on a port of its own, until the test's application is torn down.
 */
class ReverbServer
{
    /**
     * The bytes that the path of a unix socket may have.
     */
    protected const LONGEST_PATH = 107;

    /**
     * The server of this process, if there is one: there can be no second.
     *
     * @var \WeakReference<static>|null
     */
    protected static ?WeakReference $current = null;

    /**
     * The process that the server runs in: a forked child has none.
     */
    protected readonly int $process;

    /**
     * Create a new server instance.
     *
     * @param  string  $key  Of the default connection's application, as the secret and the ID.
     * @param  array{host: string, port: int, scheme: string, useTLS: bool, path: string}  $options  Of the broadcasting connections.
     */
    final protected function __construct(
        public readonly string $host,
        public readonly int $port,
        public readonly string $appId,
        public readonly string $key,
        public readonly string $secret,
        public readonly array $options,
        protected ?NativeServer $server,
        protected Dispatcher $events,
        protected EventRelay $relay,
    ) {
        $this->process = (int) getmypid();
    }

    /**
     * Start a server for the given application, and let its broadcasting connections publish to it.
     *
     * @param  array<string, mixed>  $settings  Keys of "reverb.servers.reverb" that are to be different.
     *
     * @throws \RuntimeException
     */
    public static function start(Container $app, array $settings = []): static
    {
        self::$current?->get()?->stop();

        $config = $app->make('config');
        $engine = static::realEngine($app);
        static::ensureCredentials($app, $config);
        $applications = $app->make(ApplicationProvider::class)->all()->values();

        $config->set('reverb.servers.reverb', $section = static::settings($config, $settings));
        $relay = $app->make(EventRelay::class, ['applications' => $applications]);
        $configuration = new ServerConfiguration(new Section('reverb.servers.reverb', $section), $applications, events: $relay->wanted());
        $relay->attach($native = $engine->startServer($configuration->toArray()));
        $options = static::options($configuration, $native->port());

        $application = static::connect($app, $engine, $applications, $options);
        $server = new static(
            $options['host'], $options['port'], $application->id(), $application->key(), $application->secret(), $options,
            $native, $app->make(Dispatcher::class), $relay
        );

        self::$current = WeakReference::create($server);
        $app->instance(static::class, new TearDown($server->stop(...)));

        return $server;
    }

    /**
     * Get the address that WebSocket clients connect to.
     */
    public function url(string $client = 'test'): string
    {
        $path = trim($this->options['path'], '/');

        $scheme = $this->options['useTLS'] ? 'wss' : 'ws';

        return "{$scheme}://{$this->host}:{$this->port}".($path === '' ? '' : "/{$path}")."/app/{$this->key}?protocol=7&client={$client}&version=1.0";
    }

    /**
     * Dispatch the server's events that have come, such as ConnectionOpened, and get how many there were.
     *
     * The server has told of those that somebody listened to when it was started. A listener that fails, fails here.
     *
     * @param  int  $timeout  Milliseconds to wait, if none has come yet.
     */
    public function dispatchEvents(int $timeout = 1_000): int
    {
        $notices = $this->server?->poll($timeout) ?? [];
        $events = array_filter($notices, fn (array $notice) => $notice['type'] === 'event');

        foreach ($events as $notice) {
            $this->events->dispatch($this->relay->event($notice));
        }

        return count($events);
    }

    /**
     * Stop the server. A second time, and in a forked child, nothing happens.
     *
     * @param  int  $grace  Milliseconds that clients may take to answer the closing of their connections.
     */
    public function stop(int $grace = 0): void
    {
        if ($this->process === getmypid()) {
            $this->server?->stop($grace);
        }

        $this->server = null;
    }

    /**
     * Stop the server when nobody has it any more.
     */
    public function __destruct()
    {
        $this->stop();
    }

    /**
     * Get the engine of the application, even if it is faked.
     */
    protected static function realEngine(Container $app): Engine
    {
        $engine = $app->make(Engine::class);

        if ($engine instanceof RecordingEngine) {
            $app->instance(Engine::class, $engine = $engine->engine);
        }

        return $engine;
    }

    /**
     * Ensure that the configured applications can be told apart: in tests there are no credentials, mostly.
     */
    protected static function ensureCredentials(Container $app, Repository $config): void
    {
        $applications = $config->get('reverb.apps.apps') ?? [];

        // What is no array is reported by the provider...
        if (($config->get('reverb.apps.provider') ?? 'config') !== 'config' || ! is_array($applications)) {
            return;
        }

        $config->set('reverb.apps.apps', array_map(fn ($application) => [
            'app_id' => $application['app_id'] ?? $application['id'] ?? '' ?: Str::random(),
            'key' => $application['key'] ?? '' ?: Str::random(),
            'secret' => $application['secret'] ?? '' ?: Str::random(),
        ] + $application, $applications));

        $app->make(ApplicationManager::class)->forgetDrivers();
    }

    /**
     * Get the server's section of the configuration: a free port, a socket of its own, nothing that needs files or a network.
     *
     * @param  array<string, mixed>  $settings
     * @return array<string, mixed>
     */
    protected static function settings(Repository $config, array $settings): array
    {
        $socket = sys_get_temp_dir().'/reverb-'.getmypid().'-'.Str::random(8).'.sock';

        return array_replace($config->get('reverb.servers.reverb') ?? [], [
            'host' => '127.0.0.1',
            'port' => 0,
            'workers' => 1,
            'hostname' => null,
            'options' => [],
            'scaling' => ['enabled' => false],
            'socket' => strlen($socket) > self::LONGEST_PATH ? null : $socket,
        ], $settings);
    }

    /**
     * Get what publishers have to know of the server.
     *
     * @return array{host: string, port: int, scheme: string, useTLS: bool, path: string}
     */
    protected static function options(ServerConfiguration $configuration, int $port): array
    {
        $secure = $configuration->tls()->enabled();

        return [
            'host' => static::reachable(trim($configuration->host(), '[]')),
            'port' => $port,
            'scheme' => $secure ? 'https' : 'http',
            'useTLS' => $secure,
            'path' => $configuration->path(),
        ];
    }

    /**
     * Get the address at which a server is found that listens on the given one, as a URL has it.
     */
    protected static function reachable(string $host): string
    {
        return match (true) {
            $host === '0.0.0.0' => '127.0.0.1',
            $host === '::' => '[::1]',
            str_contains($host, ':') => "[{$host}]",
            default => $host,
        };
    }

    /**
     * Let each broadcasting connection publish to the server, and get the application of the default one.
     *
     * @param  \Illuminate\Support\Collection<int, \Laravel\Reverb\Application>  $applications
     * @param  array<string, mixed>  $options
     */
    protected static function connect(Container $app, Engine $engine, Collection $applications, array $options): Application
    {
        $connections = new BroadcastConnections($app);
        $default = null;

        foreach ($connections->all() as $name => $config) {
            $application = $applications->first(fn (Application $application) => $application->key() === ($config['key'] ?? null))
                ?? $applications->first();

            $connections->connect($name, $engine, [
                ...$config,
                'app_id' => $application->id(),
                'key' => $application->key(),
                'secret' => $application->secret(),
                'options' => [...$config['options'] ?? [], ...$options],
            ]);

            $default ??= $application;
        }

        return $default;
    }
}
