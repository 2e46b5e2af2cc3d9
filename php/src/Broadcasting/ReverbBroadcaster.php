<?php

namespace Laravel\Reverb\Broadcasting;

use Illuminate\Broadcasting\Broadcasters\Broadcaster;
use Illuminate\Broadcasting\Broadcasters\PusherBroadcaster;
use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Broadcasting\BroadcastManager;
use JsonException;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Native\Contracts\NativePublisher;
use Pusher\Pusher;
use RuntimeException;
use Symfony\Component\HttpKernel\Exception\AccessDeniedHttpException;
use TypeError;

/**
 * Broadcasts through the native publisher, without the Pusher SDK.
 *
 * It is a PusherBroadcaster because applications and packages ask for one. An SDK that was set with
 * setPusher() is used for everything, as there.
 */
class ReverbBroadcaster extends PusherBroadcaster
{
    /**
     * The native publisher, once it is needed.
     */
    protected ?NativePublisher $publisher = null;

    /**
     * The Pusher SDK instance that was asked for but not set.
     */
    protected ?Pusher $sdk = null;

    /**
     * Create a new broadcaster instance.
     *
     * @param  array<string, mixed>  $config
     */
    public function __construct(
        protected Engine $engine,
        protected array $config,
        protected ?string $socket = null,
        protected Batch $batch = new Batch,
        protected BroadcastManager $manager = new BroadcastManager(null),
        protected string $name = PublisherOptions::PACKAGED,
    ) {
        //
    }

    /**
     * Publish through the given engine from now on, whatever was done before.
     *
     * @internal
     *
     * @param  array<string, mixed>  $config
     */
    public function connect(Engine $engine, array $config, ?string $socket): void
    {
        [$this->engine, $this->config, $this->socket] = [$engine, $config, $socket];
        [$this->publisher, $this->sdk, $this->pusher] = [null, null, null];
    }

    /**
     * Authorize what another broadcaster authorizes.
     *
     * @internal
     */
    public function adopt(Broadcaster $broadcaster): void
    {
        $this->channels = [...$broadcaster->channels, ...$this->channels];
        $this->channelOptions = [...$broadcaster->channelOptions, ...$this->channelOptions];
        $this->authenticatedUserCallback ??= $broadcaster->authenticatedUserCallback;
    }

    /**
     * Broadcast the given event.
     *
     * @param  array<int, mixed>  $channels
     * @param  string  $event
     * @param  array<string, mixed>  $payload
     * @return void
     *
     * @throws \Illuminate\Broadcasting\BroadcastException
     */
    public function broadcast(array $channels, $event, array $payload = [])
    {
        if ($this->pusher) {
            return parent::broadcast($channels, $event, $payload);
        }

        $names = array_values($this->formatChannels($channels));

        if ($names === []) {
            return;
        }

        $socketId = $payload['socket'] ?? null;
        unset($payload['socket']);

        $this->publish($names, $event, $payload, $socketId);
    }

    /**
     * Get the number of this process's broadcasts that failed after they had returned, with "acknowledge" off.
     */
    public function failures(): int
    {
        return $this->publisher()->failures();
    }

    /**
     * Return the valid authentication response.
     *
     * @param  \Illuminate\Http\Request  $request
     * @param  mixed  $result
     * @return mixed
     *
     * @throws \Symfony\Component\HttpKernel\Exception\AccessDeniedHttpException
     */
    public function validAuthenticationResponse($request, $result)
    {
        if ($this->pusher) {
            return parent::validAuthenticationResponse($request, $result);
        }

        $channel = $this->signable($request->channel_name, '/\A#?[-a-zA-Z0-9_=@,.;]+\z/');
        $socketId = $this->signable($request->socket_id, '/\A\d+\.\d+\z/');

        $member = str_starts_with($channel, 'private')
            ? null
            : $this->encode(
                ['user_id' => $this->broadcastIdentifier($request, $channel), 'user_info' => $result],
                'Cannot authorize [%s]: what its callback returns',
                $channel
            );

        try {
            return $this->respond($request, $this->publisher()->authorizeChannel($socketId, $channel, $member));
        } catch (BroadcastException $e) {
            throw $e;
        } catch (RuntimeException $e) {
            throw new BroadcastException("Cannot authorize [{$channel}]: {$e->getMessage()}", 0, $e);
        }
    }

    /**
     * Resolve the authenticated user payload for an incoming connection request.
     *
     * @param  \Illuminate\Http\Request  $request
     * @return array<string, string>|null
     */
    public function resolveAuthenticatedUser($request)
    {
        if ($this->pusher) {
            return parent::resolveAuthenticatedUser($request);
        }

        if (! $user = Broadcaster::resolveAuthenticatedUser($request)) {
            return null;
        }

        if (in_array($user['id'] ?? '', ['', null], true)) {
            throw new BroadcastException('The callback of resolveAuthenticatedUserUsing() must return an array with an "id"');
        }

        return $this->publisher()->authenticateUser(
            $this->signable($request->socket_id, '/\A\d+\.\d+\z/'),
            $this->encode($user, 'Cannot authenticate the user: what the callback of resolveAuthenticatedUserUsing() returns')
        );
    }

    /**
     * Get the Pusher SDK instance.
     *
     * @return \Pusher\Pusher
     *
     * @throws \Illuminate\Broadcasting\BroadcastException
     */
    public function getPusher()
    {
        if ($this->pusher) {
            return $this->pusher;
        }

        if (! class_exists(Pusher::class)) {
            throw new BroadcastException(
                'The Pusher SDK is not installed: getPusher() needs "composer require pusher/pusher-php-server"'
            );
        }

        return $this->sdk ??= $this->manager->pusher($this->config);
    }

    /**
     * Publish the event to the channels of the given names.
     *
     * @param  list<string>  $channels
     * @param  array<string, mixed>  $payload
     *
     * @throws \Illuminate\Broadcasting\BroadcastException
     */
    protected function publish(array $channels, string $event, array $payload, mixed $socketId): void
    {
        $data = $this->encode($payload, 'Cannot broadcast [%s]: what broadcastWith() or its public properties give', $event);

        try {
            $this->batch->add($publisher = $this->publisher());
            $publisher->publish($channels, $event, $data, $socketId);
        } catch (BroadcastException $e) {
            throw $e;
        } catch (RuntimeException|TypeError $e) {
            throw new BroadcastException("Cannot broadcast [{$event}]: {$e->getMessage()}", 0, $e);
        }
    }

    /**
     * Get the native publisher.
     *
     * @throws \Illuminate\Broadcasting\BroadcastException
     */
    protected function publisher(): NativePublisher
    {
        try {
            return $this->publisher ??= $this->engine->publisher(
                (new PublisherOptions($this->config, $this->socket, $this->name))->toArray()
            );
        } catch (RuntimeException $e) {
            throw new BroadcastException("Cannot broadcast through Reverb: {$e->getMessage()}", 0, $e);
        }
    }

    /**
     * Get the given value if it has the form that may be put into a signature.
     *
     * @throws \Symfony\Component\HttpKernel\Exception\AccessDeniedHttpException
     */
    protected function signable(mixed $value, string $pattern): string
    {
        return is_string($value) && preg_match($pattern, $value) ? $value : throw new AccessDeniedHttpException;
    }

    /**
     * Get the ID under which the request's user is a member of the given channel.
     */
    protected function broadcastIdentifier(mixed $request, string $channel): string
    {
        $user = $this->retrieveUser($request, $this->normalizeChannelName($channel));

        return (string) (method_exists($user, 'getAuthIdentifierForBroadcasting')
            ? $user->getAuthIdentifierForBroadcasting()
            : $user->getAuthIdentifier());
    }

    /**
     * Answer the request with the given signature.
     *
     * @param  array<string, string>  $signature
     */
    protected function respond(mixed $request, array $signature): mixed
    {
        return $request->input('callback') && $this->allowsJsonp()
            ? response()->json($signature)->withCallback($request->callback)
            : $signature;
    }

    /**
     * Determine whether an answer may be a call of the callback that the request names: newer frameworks want to be told.
     */
    protected function allowsJsonp(): bool
    {
        return (bool) ($this->config['jsonp'] ?? ! property_exists(PusherBroadcaster::class, 'allowJsonp'));
    }

    /**
     * Encode the given data as JSON.
     *
     * @param  array<string, mixed>  $data
     * @param  string  $what  What cannot be done without, and what the data is, with %s for the name.
     *
     * @throws \Illuminate\Broadcasting\BroadcastException
     */
    protected function encode(array $data, string $what, string $name = ''): string
    {
        try {
            return json_encode($data, JSON_THROW_ON_ERROR);
        } catch (JsonException $e) {
            $what = sprintf($what, $name);

            throw new BroadcastException("{$what} cannot be encoded as JSON: {$e->getMessage()}", 0, $e);
        }
    }
}
