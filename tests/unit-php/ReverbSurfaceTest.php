<?php

namespace Laravel\Reverb\Tests\Unit;

use Laravel\Reverb\Application;
use Laravel\Reverb\ApplicationManager;
use Laravel\Reverb\ConfigApplicationProvider;
use Laravel\Reverb\Connection;
use Laravel\Reverb\Contracts;
use Laravel\Reverb\Events;
use Laravel\Reverb\Exceptions;
use Laravel\Reverb\Loggers;
use Laravel\Reverb\Protocols\Pusher\Channels;
use Laravel\Reverb\Protocols\Pusher\Contracts\ChannelManager;
use Laravel\Reverb\Protocols\Pusher\EventDispatcher;
use Laravel\Reverb\Protocols\Pusher\Exceptions as PusherExceptions;
use Laravel\Reverb\Reverb;
use Laravel\Reverb\ServerProviderManager;
use Laravel\Reverb\Servers\Reverb\ReverbServerProvider;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;
use ReflectionClass;
use ReflectionMethod;
use ReflectionNamedType;
use ReflectionParameter;

/**
 * The classes of Laravel Reverb that applications use, name by name: what they call must be there, with the same types.
 */
class ReverbSurfaceTest extends TestCase
{
    #[DataProvider('methods')]
    public function test_what_applications_call_is_there(string $class, string $method, string $signature): void
    {
        $this->assertTrue(method_exists($class, $method), "{$class}::{$method}() is missing");

        $reflection = new ReflectionMethod($class, $method);

        $this->assertTrue($reflection->isPublic());
        $this->assertSame($signature, $this->signature($reflection));
    }

    public static function methods(): iterable
    {
        foreach (self::surface() as $class => $methods) {
            foreach ($methods as $method => $signature) {
                yield class_basename($class).'::'.$method => [$class, $method, $signature];
            }
        }
    }

    /**
     * @return array<class-string, array<string, string>>
     */
    private static function surface(): array
    {
        return [
            Application::class => [
                'id' => '(): string', 'key' => '(): string', 'secret' => '(): string', 'allowedOrigins' => '(): array',
                'pingInterval' => '(): int', 'activityTimeout' => '(): int', 'maxConnections' => '(): ?int',
                'hasMaxConnectionLimit' => '(): bool', 'maxMessageSize' => '(): int', 'acceptClientEventsFrom' => '(): string',
                'rateLimiting' => '(): ?array', 'usesRateLimiting' => '(): bool', 'options' => '(): array', 'toArray' => '(): array',
            ],
            Contracts\ApplicationProvider::class => [
                'all' => '(): Illuminate\Support\Collection',
                'findById' => '(string): Laravel\Reverb\Application',
                'findByKey' => '(string): Laravel\Reverb\Application',
            ],
            ConfigApplicationProvider::class => [
                '__construct' => '(Illuminate\Support\Collection)', 'all' => '(): Illuminate\Support\Collection',
                'findById' => '(string): Laravel\Reverb\Application', 'findByKey' => '(string): Laravel\Reverb\Application',
            ],
            ApplicationManager::class => [
                'createConfigDriver' => '(): Laravel\Reverb\ConfigApplicationProvider', 'getDefaultDriver' => '(): string',
            ],
            ServerProviderManager::class => [
                'createReverbDriver' => '(): Laravel\Reverb\Servers\Reverb\ReverbServerProvider', 'getDefaultDriver' => '(): string',
            ],
            Contracts\ServerProvider::class => [
                'register' => '(): void', 'boot' => '(): void', 'shouldPublishEvents' => '(): bool', 'shouldNotPublishEvents' => '(): bool',
                'subscribesToEvents' => '(): bool', 'doesNotSubscribeToEvents' => '(): bool', 'withPublishing' => '(): void',
            ],
            Contracts\Connection::class => [
                'identifier' => '(): string', 'id' => '(): string', 'send' => '(string): void', 'terminate' => '(): void',
                'app' => '(): Laravel\Reverb\Application', 'origin' => '(): ?string', 'disconnect' => '(): void',
            ],
            Contracts\WebSocketConnection::class => ['send' => '(mixed): void', 'close' => '([mixed]): void'],
            Contracts\Logger::class => [
                'info' => '(string, [?string]): void', 'error' => '(string): void', 'message' => '(string): void', 'line' => '([int]): void',
            ],
            Channels\Channel::class => [
                'name' => '(): string', 'connections' => '(): array', 'data' => '(): array',
                'find' => '(Laravel\Reverb\Contracts\Connection): ?Laravel\Reverb\Protocols\Pusher\Channels\ChannelConnection',
                'findById' => '(string): ?Laravel\Reverb\Protocols\Pusher\Channels\ChannelConnection',
                'subscribed' => '(Laravel\Reverb\Contracts\Connection): bool',
                'broadcast' => '(array, [?Laravel\Reverb\Contracts\Connection]): void', 'broadcastToAll' => '(array): void',
            ],
            Channels\CacheChannel::class => ['hasCachedPayload' => '(): bool', 'cachedPayload' => '(): ?array'],
            Channels\PrivateCacheChannel::class => ['hasCachedPayload' => '(): bool', 'cachedPayload' => '(): ?array'],
            Channels\PresenceCacheChannel::class => ['hasCachedPayload' => '(): bool', 'cachedPayload' => '(): ?array'],
            Channels\ChannelConnection::class => [
                'connection' => '(): Laravel\Reverb\Contracts\Connection', 'data' => '([?string]): mixed', 'send' => '(string): void',
            ],
            ChannelManager::class => [
                'app' => '(): ?Laravel\Reverb\Application', 'for' => '(Laravel\Reverb\Application): '.ChannelManager::class, 'all' => '(): array',
                'exists' => '(string): bool', 'find' => '(string): ?Laravel\Reverb\Protocols\Pusher\Channels\Channel',
                'findOrCreate' => '(string): Laravel\Reverb\Protocols\Pusher\Channels\Channel', 'connections' => '([?string]): array',
                'findConnection' => '(string): ?Laravel\Reverb\Protocols\Pusher\Channels\ChannelConnection',
            ],
            EventDispatcher::class => [
                'dispatch' => '(Laravel\Reverb\Application, array, [?Laravel\Reverb\Contracts\Connection], [?string]): void',
                'dispatchSynchronously' => '(Laravel\Reverb\Application, array, [?Laravel\Reverb\Contracts\Connection]): void',
            ],
            Exceptions\RedisConnectionException::class => ['failedAfter' => '(string, int): self'],
            Reverb::class => ['registerDevCommands' => '(): void'],
        ];
    }

    #[DataProvider('classes')]
    public function test_a_class_of_reverb_is_there_or_the_readme_says_that_it_is_not(string $class): void
    {
        [$name, $folder] = array_reverse(explode('\\', "Laravel\\Reverb\\{$class}"));
        $table = strstr(strstr(file_get_contents(__DIR__.'/../../README.md'), '## Differences from Laravel Reverb'), '## Events', true);
        $isMissed = str_contains($table, "{$name}`") || str_contains($table, "{$folder}\\*`");

        $this->assertTrue($isMissed || class_exists("Laravel\\Reverb\\{$class}") || interface_exists("Laravel\\Reverb\\{$class}"));
    }

    public static function classes(): array
    {
        $pusher = 'Protocols\\Pusher\\';
        $server = 'Servers\\Reverb\\';

        return array_map(fn ($class) => [$class], [
            'Application', 'ApplicationManager', 'ApplicationManagerServiceProvider', 'Certificate', 'ConfigApplicationProvider', 'Connection',
            'Reverb', 'ReverbServiceProvider', 'ServerProviderManager', 'Console\Commands\InstallCommand',
            'Contracts\ApplicationProvider', 'Contracts\Connection', 'Contracts\Logger', 'Contracts\ServerProvider', 'Contracts\WebSocketConnection',
            'Events\ChannelCreated', 'Events\ChannelRemoved', 'Events\ConnectionPruned', 'Events\MessageReceived', 'Events\MessageSent',
            'Exceptions\InvalidApplication', 'Exceptions\InvalidOrigin', 'Exceptions\RedisConnectionException',
            'Jobs\PingInactiveConnections', 'Jobs\PruneStaleConnections',
            'Loggers\CliLogger', 'Loggers\Log', 'Loggers\NullLogger', 'Loggers\StandardLogger',
            'Pulse\Recorders\ReverbConnections', 'Pulse\Recorders\ReverbMessages',
            ...array_map(fn ($name) => $pusher.$name, [
                'ClientEvent', 'EventDispatcher', 'EventHandler', 'MetricsHandler', 'MetricType', 'PendingMetric', 'Server',
                'Channels\CacheChannel', 'Channels\Channel', 'Channels\ChannelBroker', 'Channels\ChannelConnection', 'Channels\PresenceCacheChannel',
                'Channels\PresenceChannel', 'Channels\PrivateCacheChannel', 'Channels\PrivateChannel',
                'Contracts\ChannelConnectionManager', 'Contracts\ChannelManager', 'Exceptions\ConnectionLimitExceeded',
                'Exceptions\ConnectionUnauthorized', 'Exceptions\InvalidOrigin', 'Exceptions\PusherException', 'Exceptions\RateLimitExceeded',
            ]),
            ...array_map(fn ($name) => $server.$name, [
                'Console\Commands\RestartServer', 'Console\Commands\StartServer', 'Contracts\PubSubIncomingMessageHandler',
                'Contracts\PubSubProvider', 'Factory', 'Http\Connection', 'Http\Request', 'Http\Response', 'Http\Route', 'Http\Router',
                'Http\Server', 'Publishing\RedisPubSubProvider', 'ReverbServerProvider',
            ]),
        ]);
    }

    #[DataProvider('events')]
    public function test_the_events_have_reverbs_properties(string $class, array $properties): void
    {
        $public = [];

        foreach ((new ReflectionClass($class))->getProperties() as $property) {
            $public[$property->getName()] = (string) $property->getType();
            $this->assertTrue($property->isPublic());
        }

        $this->assertSame($properties, $public);
        $this->assertTrue(method_exists($class, 'dispatch'));
    }

    public static function events(): array
    {
        $connection = Contracts\Connection::class;
        $channel = Channels\Channel::class;

        return [
            [Events\MessageReceived::class, ['connection' => $connection, 'message' => 'string']],
            [Events\MessageSent::class, ['connection' => $connection, 'message' => 'string']],
            [Events\ChannelCreated::class, ['channel' => $channel]],
            [Events\ChannelRemoved::class, ['channel' => $channel]],
            [Events\ConnectionPruned::class, ['connection' => Channels\ChannelConnection::class]],
        ];
    }

    #[DataProvider('kinships')]
    public function test_what_applications_check_for_is_so(string $class, string $parent): void
    {
        $this->assertTrue(is_a($class, $parent, true), "{$class} is no {$parent}");
    }

    public static function kinships(): array
    {
        return [
            [Connection::class, Contracts\Connection::class],
            [ReverbServerProvider::class, Contracts\ServerProvider::class],
            [ConfigApplicationProvider::class, Contracts\ApplicationProvider::class],
            [Loggers\CliLogger::class, Contracts\Logger::class],
            [Loggers\NullLogger::class, Contracts\Logger::class],
            [Loggers\StandardLogger::class, Contracts\Logger::class],
            [Channels\PrivateChannel::class, Channels\Channel::class],
            [Channels\PresenceChannel::class, Channels\PrivateChannel::class],
            [Channels\CacheChannel::class, Channels\Channel::class],
            [Channels\PrivateCacheChannel::class, Channels\CacheChannel::class],
            [Channels\PresenceCacheChannel::class, Channels\CacheChannel::class],
            [PusherExceptions\ConnectionLimitExceeded::class, PusherExceptions\PusherException::class],
            [PusherExceptions\ConnectionUnauthorized::class, PusherExceptions\PusherException::class],
            [PusherExceptions\InvalidOrigin::class, PusherExceptions\PusherException::class],
            [PusherExceptions\RateLimitExceeded::class, PusherExceptions\PusherException::class],
            [Exceptions\InvalidApplication::class, \Exception::class],
            [Exceptions\InvalidOrigin::class, \Exception::class],
            [Exceptions\RedisConnectionException::class, \Exception::class],
        ];
    }

    public function test_an_application_is_made_by_reverbs_positions_and_shows_reverbs_keys(): void
    {
        $application = new Application('1', 'k', 's', 60, 30, ['*'], 10_000, 9, 'members', ['enabled' => true], ['host' => 'h']);

        $this->assertSame([
            'app_id' => '1', 'key' => 'k', 'secret' => 's', 'ping_interval' => 60, 'activity_timeout' => 30,
            'allowed_origins' => ['*'], 'max_message_size' => 10_000, 'options' => ['host' => 'h'],
        ], $application->toArray());
        $this->assertSame([9, true, 'members', true], [
            $application->maxConnections(), $application->hasMaxConnectionLimit(),
            $application->acceptClientEventsFrom(), $application->usesRateLimiting(),
        ]);
    }

    public function test_the_exceptions_say_what_reverbs_say(): void
    {
        $this->assertSame('Application does not exist', (new Exceptions\InvalidApplication)->getMessage());
        $this->assertStringContainsString('[publisher] after 60 seconds', Exceptions\RedisConnectionException::failedAfter('publisher', 60)->getMessage());
    }

    private function signature(ReflectionMethod $method): string
    {
        $parameters = array_map($this->parameter(...), $method->getParameters());
        $type = $method->getReturnType();

        return '('.implode(', ', $parameters).')'.($type ? ': '.$type : '');
    }

    private function parameter(ReflectionParameter $parameter): string
    {
        $type = $parameter->getType();
        $text = $type instanceof ReflectionNamedType ? (string) $type : 'untyped';

        return $parameter->isOptional() ? "[{$text}]" : $text;
    }
}
