<?php

namespace Laravel\Reverb\Servers\Reverb;

use Illuminate\Container\Container;
use Laravel\Reverb\Protocols\Pusher\Contracts\ChannelManager;
use Laravel\Reverb\Protocols\Pusher\Managers\NativeChannelManager;

/**
 * What an application may have put in the place of Laravel Reverb's own parts, perhaps to let in fewer than it does.
 *
 * @internal
 */
class UnusedBindings
{
    /**
     * The parts that are native here.
     */
    protected const PARTS = [
        ChannelManager::class,
        'Laravel\Reverb\Protocols\Pusher\Contracts\ChannelConnectionManager',
        'Laravel\Reverb\Protocols\Pusher\EventHandler',
        'Laravel\Reverb\Protocols\Pusher\MetricsHandler',
        'Laravel\Reverb\Protocols\Pusher\Server',
        'Laravel\Reverb\Servers\Reverb\Contracts\PubSubIncomingMessageHandler',
        'Laravel\Reverb\Servers\Reverb\Contracts\PubSubProvider',
    ];

    /**
     * Create a new unused bindings instance.
     */
    public function __construct(protected Container $app)
    {
        //
    }

    /**
     * Get a warning for each of them.
     *
     * @return list<string>
     */
    public function warnings(): array
    {
        return array_map(
            fn ($part) => "The application's own [{$part}] is not used: the server is native. If it decides who may do what, nothing does now",
            array_values(array_filter(self::PARTS, $this->isBound(...)))
        );
    }

    /**
     * Determine whether the application has bound the part; a class of its own is not loaded, as it may extend one that there is not.
     */
    protected function isBound(string $part): bool
    {
        return isset($this->app->getBindings()[$part])
            || $this->app->bound($part) && ! $this->app->make($part) instanceof NativeChannelManager;
    }
}
