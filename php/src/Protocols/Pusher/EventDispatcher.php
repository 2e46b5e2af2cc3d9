<?php

namespace Laravel\Reverb\Protocols\Pusher;

use Illuminate\Container\Container;
use Illuminate\Contracts\Config\Repository;
use Illuminate\Support\Arr;
use Laravel\Reverb\Application;
use Laravel\Reverb\Broadcasting\PublisherOptions;
use Laravel\Reverb\Contracts\Connection;
use Laravel\Reverb\Native\Contracts\Engine;

class EventDispatcher
{
    /**
     * Send an event to the subscribers of its channels, but for the given connection or socket ID.
     *
     * @param  array{event: string, channel?: string, channels?: list<string>|string, data?: mixed}  $payload
     *
     * @throws \RuntimeException
     */
    public static function dispatch(Application $app, array $payload, ?Connection $connection = null, ?string $socketId = null): void
    {
        $channels = array_values(Arr::wrap($payload['channels'] ?? $payload['channel'] ?? []));
        $data = $payload['data'] ?? null;

        if ($channels === []) {
            return;
        }

        static::engine()->publisher(static::options($app))->publish(
            $channels,
            $payload['event'],
            is_string($data) ? $data : json_encode($data, JSON_THROW_ON_ERROR),
            $socketId ?? $connection?->id(),
        );
    }

    /**
     * Send an event; the server has taken it when this returns, as it has by "dispatch".
     *
     * @param  array{event: string, channel?: string, channels?: list<string>|string, data?: mixed}  $payload
     *
     * @throws \RuntimeException
     */
    public static function dispatchSynchronously(Application $app, array $payload, ?Connection $connection = null): void
    {
        static::dispatch($app, $payload, $connection);
    }

    /**
     * Get the native engine.
     */
    protected static function engine(): Engine
    {
        return Container::getInstance()->make(Engine::class);
    }

    /**
     * Get the options of the application's native publisher.
     *
     * @return array<string, mixed>
     */
    protected static function options(Application $app): array
    {
        $config = Container::getInstance()->make(Repository::class);

        return (new PublisherOptions($app->toArray(), $config->get('reverb.servers.reverb.socket')))->toArray();
    }
}
