<?php

namespace Laravel\Reverb\Servers\Reverb;

use Illuminate\Contracts\Container\Container;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Events\Dispatcher;
use Illuminate\Support\Collection;
use Laravel\Reverb\Application;
use Laravel\Reverb\Connection;
use Laravel\Reverb\Contracts\Logger;
use Laravel\Reverb\Events;
use Laravel\Reverb\Native\Contracts\NativeServer;
use Laravel\Reverb\Native\Socket;
use Laravel\Reverb\Protocols\Pusher\Channels\Channel;
use Laravel\Reverb\Protocols\Pusher\Channels\ChannelBroker;
use Laravel\Reverb\Protocols\Pusher\Channels\ChannelConnection;
use Laravel\Reverb\Protocols\Pusher\Contracts\ChannelManager;
use Laravel\Reverb\Protocols\Pusher\Managers\NativeChannelManager;
use Throwable;

/**
 * Dispatches what the native server tells as events of Laravel, as far as anybody listens.
 *
 * @internal
 */
class EventRelay
{
    /**
     * The event classes by the native server's names.
     *
     * @var array<string, class-string>
     */
    protected const EVENTS = [
        'message_received' => Events\MessageReceived::class,
        'message_sent' => Events\MessageSent::class,
        'channel_created' => Events\ChannelCreated::class,
        'channel_removed' => Events\ChannelRemoved::class,
        'connection_pruned' => Events\ConnectionPruned::class,
        'connection_opened' => Events\ConnectionOpened::class,
        'connection_closed' => Events\ConnectionClosed::class,
        'channel_occupied' => Events\ChannelOccupied::class,
        'channel_vacated' => Events\ChannelVacated::class,
        'member_added' => Events\MemberAdded::class,
        'member_removed' => Events\MemberRemoved::class,
        'client_event_received' => Events\ClientEventReceived::class,
    ];

    /**
     * Those of which there is one for each message.
     */
    protected const FREQUENT = ['message_received', 'message_sent', 'client_event_received'];

    /**
     * The server whose events are dispatched.
     */
    protected NativeServer $server;

    /**
     * Its channels, for listeners: those of the event's application.
     */
    protected NativeChannelManager $channels;

    /**
     * Create a new event relay instance.
     *
     * @param  \Illuminate\Support\Collection<int, \Laravel\Reverb\Application>  $applications
     */
    public function __construct(
        protected Container $app,
        protected Dispatcher $events,
        protected ExceptionHandler $exceptions,
        protected Logger $logger,
        protected Collection $applications,
    ) {
        $this->applications = $applications->keyBy(fn (Application $application) => $application->id());
    }

    /**
     * Dispatch the events of this server from now on, and let listeners ask for its channels.
     */
    public function attach(NativeServer $server): void
    {
        $this->server = $server;
        $this->app->instance(ChannelManager::class, $this->channels = new NativeChannelManager($server));
    }

    /**
     * Know an application that came later, or has changed.
     */
    public function know(Application $application): void
    {
        $this->applications[$application->id()] = $application;
    }

    /**
     * Get the native server's names of the events that somebody listens to.
     *
     * @return list<string>
     */
    public function wanted(): array
    {
        return array_keys(array_filter(self::EVENTS, $this->isWanted(...), ARRAY_FILTER_USE_BOTH));
    }

    /**
     * Determine whether somebody listens to the event; who listens to "*", as Telescope does, does not mean every message.
     */
    protected function isWanted(string $class, string $event): bool
    {
        return in_array($event, self::FREQUENT, true) && method_exists($this->events, 'getListeners')
            ? count($this->events->getListeners($class)) > count($this->events->getListeners('reverb'))
            : $this->events->hasListeners($class);
    }

    /**
     * Dispatch an event; a listener that fails is reported, and the server goes on.
     *
     * @param  array<string, mixed>  $notice
     */
    public function dispatch(array $notice): void
    {
        try {
            $this->events->dispatch($this->event($notice));
        } catch (Throwable $e) {
            $this->report($e, $notice['event']);
        }
    }

    /**
     * Report the failure of a listener.
     */
    protected function report(Throwable $e, string $event): void
    {
        try {
            $this->logger->error("A listener of {$event} failed: {$e->getMessage()}");
            $this->exceptions->report($e);
        } catch (Throwable) {
            // There is nobody left to tell, and the connections must not suffer from it...
        }
    }

    /**
     * Create the event that the notice tells of.
     *
     * @param  array<string, mixed>  $notice
     */
    public function event(array $notice): object
    {
        $class = self::EVENTS[$notice['event']];
        $application = $this->applications[$notice['app_id']];
        $this->channels->for($application);

        return match ($notice['event']) {
            'message_received', 'message_sent' => new $class($this->connection($notice, $application), $notice['message']),
            'connection_opened', 'connection_closed' => new $class($this->connection($notice, $application)),
            'connection_pruned' => new $class(new ChannelConnection($this->connection($notice, $application))),
            'member_added', 'member_removed' => new $class($this->channel($notice, $application), ...$this->member($notice)),
            'client_event_received' => new $class(
                $this->connection($notice, $application),
                $this->channel($notice, $application),
                $notice['name'],
                json_decode($notice['data'], true),
                $notice['user_id'] ?? null,
            ),
            default => new $class($this->channel($notice, $application)),
        };
    }

    /**
     * Get the connection that the notice tells of.
     *
     * @param  array<string, mixed>  $notice
     */
    protected function connection(array $notice, Application $application): Connection
    {
        return new Connection(
            new Socket($this->server, $notice['socket_id'], $notice['place']), $application,
            $notice['origin'] ?? null, $notice['address'] ?? null
        );
    }

    /**
     * Get the channel that the notice tells of.
     *
     * @param  array<string, mixed>  $notice
     */
    protected function channel(array $notice, Application $application): Channel
    {
        return ChannelBroker::create($notice['channel'], $application, $this->server);
    }

    /**
     * Get the ID and the information of the member that the notice tells of.
     *
     * @param  array<string, mixed>  $notice
     * @return array{string, mixed}
     */
    protected function member(array $notice): array
    {
        $data = json_decode($notice['channel_data'], true, flags: JSON_BIGINT_AS_STRING);

        return [(string) $data['user_id'], $data['user_info'] ?? null];
    }
}
