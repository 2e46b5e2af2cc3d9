<?php

namespace Laravel\Reverb\Testing;

use Illuminate\Broadcasting\Broadcasters\Broadcaster;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Contracts\Broadcasting\Broadcaster as BroadcasterContract;
use Illuminate\Contracts\Config\Repository;
use Illuminate\Contracts\Container\Container;
use InvalidArgumentException;
use Laravel\Reverb\Broadcasting\ReverbBroadcaster;
use Laravel\Reverb\Native\Contracts\Engine;
use RuntimeException;

/**
 * The broadcasting connections of a test's application that go through Reverb.
 *
 * @internal
 */
class BroadcastConnections
{
    /**
     * The application's configuration.
     */
    protected Repository $config;

    /**
     * The application's broadcasters.
     */
    protected BroadcastManager $broadcasts;

    /**
     * Create a new broadcast connections instance.
     */
    public function __construct(protected Container $app)
    {
        $this->config = $app->make('config');
        $this->broadcasts = $app->make(BroadcastManager::class);

        $this->ensureDefault();
    }

    /**
     * Get the configuration of each connection, that of the default one first.
     *
     * @return array<string, array<string, mixed>>
     */
    public function all(): array
    {
        $connections = array_filter(
            $this->config->get('broadcasting.connections') ?? [],
            fn ($connection) => ($connection['driver'] ?? null) === 'reverb'
        );

        $default = (string) $this->config->get('broadcasting.default');

        return isset($connections[$default]) ? [$default => $connections[$default]] + $connections : $connections;
    }

    /**
     * Let a connection publish through the given engine from now on.
     *
     * @param  array<string, mixed>  $config
     */
    public function connect(string $name, Engine $engine, array $config): void
    {
        $this->config->set("broadcasting.connections.{$name}", $config);

        if (($broadcaster = $this->broadcasts->connection($name)) instanceof ReverbBroadcaster) {
            $broadcaster->connect($engine, $config, $this->config->get('reverb.servers.reverb.socket'));
        }
    }

    /**
     * Ensure that the default connection goes through Reverb: tests of Laravel have "null" there, mostly.
     */
    protected function ensureDefault(): void
    {
        $connections = $this->all();
        $default = (string) $this->config->get('broadcasting.default');

        if (isset($connections[$default])) {
            return;
        }

        if ($connections === []) {
            $connections = ['reverb' => ['driver' => 'reverb']];
            $this->config->set('broadcasting.connections.reverb', $connections['reverb']);
        }

        $before = $this->broadcaster();
        $this->config->set('broadcasting.default', isset($connections['reverb']) ? 'reverb' : array_key_first($connections));
        $this->app->forgetInstance(BroadcasterContract::class);

        if ($before && ($now = $this->broadcaster()) instanceof ReverbBroadcaster) {
            $now->adopt($before);
        }
    }

    /**
     * Get the broadcaster of a connection, unless it cannot be made.
     */
    protected function broadcaster(?string $name = null): ?Broadcaster
    {
        try {
            return $this->broadcasts->connection($name);
        } catch (InvalidArgumentException|RuntimeException) {
            return null;
        }
    }
}
