<?php

namespace Laravel\Reverb\Protocols\Pusher\Channels;

use Illuminate\Support\Str;
use Laravel\Reverb\Application;
use Laravel\Reverb\Native\Contracts\NativeServer;

class ChannelBroker
{
    /**
     * Create the channel of the kind that the name asks for.
     */
    public static function create(string $name, Application $application, NativeServer $server): Channel
    {
        $class = match (true) {
            Str::startsWith($name, ['private-cache-', 'private-encrypted-cache-']) => PrivateCacheChannel::class,
            Str::startsWith($name, 'presence-cache-') => PresenceCacheChannel::class,
            Str::startsWith($name, 'cache-') => CacheChannel::class,
            Str::startsWith($name, 'private-') => PrivateChannel::class,
            Str::startsWith($name, 'presence-') => PresenceChannel::class,
            default => Channel::class,
        };

        return new $class($name, $application, $server);
    }
}
