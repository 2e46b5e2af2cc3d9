<?php

namespace Reverb;

/**
 * The WebSocket server of this process.
 *
 * It serves on native threads from `start()` to `stop()`, whatever PHP does meanwhile.
 * Losing the last reference to the object stops it as well, without a grace period.
 * A forked child cannot use its parent's server: every method throws a ServerException there.
 */
final class Server
{
    private function __construct()
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Bind the address, start the native threads and return.
     *
     * There is one server per process. Integers may be given as strings of digits.
     *
     * @param  array{
     *     host: string,
     *     port: int,
     *     path?: string,
     *     max_request_size?: int,
     *     options?: array{tls?: array<string, mixed>},
     *     workers?: int,
     *     socket?: string|null,
     *     trusted_proxies?: list<string>,
     *     max_backlog?: int,
     *     cache_ttl?: int,
     *     compression?: bool,
     *     auth_timestamp_tolerance?: int,
     *     coalesce?: int,
     *     debug?: bool,
     *     events?: list<string>,
     *     applications: list<array{
     *         app_id: string,
     *         key: string,
     *         secret: string,
     *         ping_interval: int,
     *         activity_timeout?: int,
     *         allowed_origins: list<string>,
     *         max_message_size: int,
     *         max_connections?: int|null,
     *         accept_client_events_from?: string,
     *         subscription_count?: bool,
     *         limits?: array{channel_name_length?: int|null, channels_per_connection?: int|null, presence_members?: int|null,
     *             member_data_size?: int|null, client_events_per_second?: int|null, watchlist_size?: int|null,
     *             event_name_length?: int|null, event_data_size?: int|null, channels_per_event?: int|null, events_per_batch?: int|null},
     *         rate_limiting?: array{enabled: bool, max_attempts?: int, decay_seconds?: int, terminate_on_limit?: bool},
     *     }>,
     *     provider?: array{cache_ttl?: int, unknown_ttl?: int, lookup_timeout?: int, lookups_per_second?: int}|null,
     *     scaling?: array{
     *         channel: string,
     *         prefix?: string,
     *         servers: list<array{host: string, port: int}|array{path: string}>,
     *         cluster?: bool,
     *         sentinel?: array{service: string, username?: string, password?: string}|null,
     *         username?: string,
     *         password?: string,
     *         database?: int,
     *         tls?: array{verify_peer?: bool, cafile?: string|null, local_cert?: string|null, local_pk?: string|null, peer_name?: string|null}|null,
     *     }|null,
     * }  $config  `host` is an address; `port` 0 takes a free one; `path` is a prefix of every route;
     *     `max_request_size` (10,000), `max_backlog` (16,777,216) and `max_message_size` (0 is unlimited) are bytes;
     *     `options.tls` are PHP's SSL context options, and TLS is on with `local_cert` or `local_pk`; one that cannot be honoured is an error;
     *     `workers` 0 is one per core; `socket` is the absolute path of the unix socket for local publishers;
     *     `trusted_proxies` are addresses, networks, or `*` for whoever calls: of a connection from there `X-Forwarded-For` tells the client's address;
     *     `ping_interval`, `activity_timeout`, `decay_seconds` and `cache_ttl` (1,800) are seconds;
     *     so is `auth_timestamp_tolerance` (600), and 0 allows a request of any time;
     *     `coalesce` (0, at most 100,000) are microseconds that an event may wait for others to be sent with;
     *     `compression` agrees to `permessage-deflate` with the clients that offer it (false);
     *     `events` are the kinds of events that `poll()` is to tell of: `message_received`, `message_sent`, `channel_created`,
     *     `channel_removed`, `connection_pruned`, `connection_opened`, `connection_closed`, `channel_occupied`, `channel_vacated`,
     *     `member_added`, `member_removed`, `client_event_received`; what nobody asks for costs nothing;
     *     `subscription_count` tells subscribers once a second how many they are;
     *     `limits` are Pusher's: bytes for lengths and sizes, null for none (`channel_name_length` 255, `watchlist_size` 100);
     *     `accept_client_events_from` is `all`, `members` or `none`;
     *     with `provider` there may be further applications, or none to begin with: unknown ones are asked for by `question()`,
     *     `lookups_per_second` (200) at the most; who asks waits for `lookup_timeout` (3) seconds; an application is asked for again
     *     after `cache_ttl` (60) seconds, one that there is not after `unknown_ttl` (10);
     *     `scaling` makes it one of several servers with the same `channel`: `servers` are of one Redis, of a `cluster`, or sentinels;
     *     a wrong password is a ServerException, and a Redis that is down a notice.
     *
     * @throws ConfigurationException
     * @throws ServerException
     */
    public static function start(array $config): Server
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Determine whether whoever started this process wants it to outlive the terminal, as `nohup` does.
     *
     * PHP itself does not tell; a handler of its own for SIGHUP would undo what was asked for.
     */
    public static function outlivesTerminal(): bool
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the bound address, such as `0.0.0.0` or `::1`.
     *
     * @throws ServerException
     */
    public function host(): string
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the bound port: the real one when 0 was asked for.
     *
     * @throws ServerException
     */
    public function port(): int
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Wait for notices, and let signal handlers run meanwhile.
     *
     * Returns as soon as there is a notice, and also, perhaps with none, after a signal, whose handler has then run.
     * With `debug` off there are warnings and the `events` that were asked for.
     * Events of a channel come in their order, as do those of a connection.
     * An event has besides `event`, its kind, and `app_id` what it is about: a connection (`socket_id`, `place`, the client's `address`, and `origin` if it has one),
     * a `channel`, a `message`, the `channel_data` of a member, or `name`, `data` (JSON text) and `user_id` of a client event.
     *
     * @param  int  $timeout  Milliseconds, 0 or more.
     * @return list<array{type: 'info', title: string, message: string}|array{type: 'message'|'error'|'warning', message: string}
     *     |array{type: 'event', event: string, app_id: string, socket_id?: string, place?: int, address?: string, origin?: string, channel?: string,
     *         message?: string, channel_data?: string, name?: string, data?: string, user_id?: string}>
     *
     * @throws ServerException
     * @throws \ValueError
     */
    public function poll(int $timeout = 1000): array
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the server's figures.
     *
     * @return array{connections: int, channels: int, messages_received: int, messages_sent: int, notices_dropped: int, workers: int}
     *
     * @throws ServerException
     */
    public function stats(): array
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the figures of each application: its connections of now, and its messages since the start.
     *
     * Messages are told of within a second; one to a thousand subscribers is a thousand.
     *
     * @return list<array{app_id: string, connections: int, messages_received: int, messages_sent: int}>
     *
     * @throws ServerException
     */
    public function applications(): array
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Send a text to one connection; if it has gone, nothing happens.
     *
     * @param  int  $place  As told with the socket id.
     *
     * @throws ServerException
     */
    public function send(string $socketId, int $place, string $message): void
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Close one connection; if it has gone, nothing happens.
     *
     * @param  int  $place  As told with the socket id.
     *
     * @throws ServerException
     */
    public function disconnect(string $socketId, int $place): void
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Send a text as it is to the subscribers of a channel, but for one of them.
     *
     * @throws ServerException
     */
    public function broadcast(string $appId, string $channel, string $message, ?string $exceptSocketId = null): void
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the subscribers of a channel; `channel_data` is what the application signed.
     *
     * @return list<array{socket_id: string, place: int, address?: string, origin?: string, channel_data?: string}>
     *
     * @throws ServerException
     */
    public function subscribers(string $appId, string $channel): array
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the names of the channels with subscribers on this server that begin with the prefix, in their order.
     *
     * @return list<string>
     *
     * @throws ServerException
     */
    public function channels(string $appId, ?string $prefix = null): array
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the message that a cache channel has kept, or null if there is none.
     *
     * @throws ServerException
     */
    public function cached(string $appId, string $channel): ?string
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the next application that is asked for, or null if there is none; `poll()` returns when there is one.
     *
     * To be answered by `answer()` or `unanswered()`.
     *
     * @return array{by: 'key'|'id', name: string}|null
     *
     * @throws ServerException
     */
    public function question(): ?array
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Answer which application has this key or id: one as in the configuration, or null if there is none.
     *
     * An application of another key or id counts as none.
     *
     * @param  array<string, mixed>|null  $application
     *
     * @throws ConfigurationException
     * @throws ServerException
     * @throws \ValueError
     */
    public function answer(string $by, string $name, ?array $application = null): void
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Say that it could not be found out: who asks is told to come again, and what was known stays.
     *
     * @throws ServerException
     * @throws \ValueError
     */
    public function unanswered(string $by, string $name): void
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Accept no more connections, close those there are, and end the threads.
     *
     * A second call does nothing.
     *
     * @param  int  $grace  Milliseconds, 0 or more, that connections may take to close.
     *
     * @throws ServerException
     * @throws \ValueError
     */
    public function stop(int $grace = 5000): void
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }
}
