<?php

namespace Reverb;

/**
 * Publishes events for one application from any PHP process, and signs what browsers have to show.
 *
 * An event goes to the server of this very process if there is one, else over the server's unix socket,
 * else, when nobody listens there, over HTTP. Connections are kept by the process, across requests and objects,
 * and are never shared with a forked child. Every example below is run by the tests.
 */
final class Publisher
{
    /**
     * Create a publisher. Nothing is connected before the first event.
     *
     * ```php
     * $publisher = new Reverb\Publisher([
     *     'app_id' => '1', 'key' => 'my-key', 'secret' => 'my-secret', 'socket' => '/run/reverb.sock',
     * ]);
     * ```
     *
     * @param  array{
     *     app_id: string,
     *     key: string,
     *     secret: string,
     *     socket?: string|null,
     *     host?: string|null,
     *     port?: int|null,
     *     scheme?: 'http'|'https'|null,
     *     path?: string|null,
     *     connect_timeout?: int|null,
     *     timeout?: int|null,
     *     verify?: bool|string|null,
     *     acknowledge?: bool|null,
     *     encryption_master_key_base64?: string|null,
     *     encryption_master_key?: string|null,
     * }  $options  `socket` is the path of the server's unix socket, and null leaves that way out, as `host` null does for HTTP;
     *     `scheme` is https, `port` 443 (http: 80) and `path` no prefix if they are not given;
     *     `verify` false trusts every certificate, and a path those that are signed by an authority in this PEM file;
     *     `connect_timeout` (1000) and `timeout` (5000, one publish in all) are milliseconds from 1 to 600,000;
     *     `acknowledge` (true) is that of `acknowledge()`;
     *     `encryption_master_key_base64` (32 bytes, or as they are in `encryption_master_key`) is for channels whose names
     *     begin with `private-encrypted-`: only who has subscribed can read their events, not even the server can.
     *
     * @throws ConfigurationException
     */
    public function __construct(array $options)
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Publish an event, and return when a server has taken it.
     *
     * An exception means that the event was not published, unless it says that no answer came or the connection was lost.
     *
     * ```php
     * $publisher->publish(['news', 'private-orders.7'], 'posted', json_encode(['title' => 'Hello']));
     * ```
     *
     * @param  list<string>  $channels  At least one; an encrypted one must be the only one.
     * @param  string  $data  What subscribers receive, mostly JSON text; UTF-8.
     * @param  string|null  $socketId  The connection that does not receive the event.
     *
     * @throws PublishException
     * @throws \TypeError
     */
    public function publish(array $channels, string $event, string $data, ?string $socketId = null): void
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Check an event as `publish()` and a server would, and send nothing.
     *
     * What depends on the server, as whether it runs and knows the application, is not found out.
     *
     * ```php
     * $publisher->check(['news'], 'posted', '{"title":"Hello"}', limits: ['max_request_size' => 10_000, 'channels_per_event' => 100]);
     * ```
     *
     * @param  list<string>  $channels
     * @param  array{
     *     max_request_size?: int|null,
     *     channel_name_length?: int|null,
     *     event_name_length?: int|null,
     *     event_data_size?: int|null,
     *     channels_per_event?: int|null,
     * }|null  $limits  Those of the server and of the application, as `Server::start()` has them; what is not given is as there.
     *
     * @throws PublishException
     * @throws ConfigurationException  About a limit.
     * @throws \TypeError
     */
    public function check(array $channels, string $event, string $data, ?string $socketId = null, ?array $limits = null): void
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Publish events in their order, and return when a server has answered all of them.
     *
     * Over HTTP this is one request, published as a whole, or several, if the server takes no more at once.
     * Over the unix socket each event is judged by itself: the exception is about the first that was refused.
     *
     * ```php
     * $publisher->publishBatch([
     *     ['channels' => ['news'], 'event' => 'posted', 'data' => '{"title":"Hello"}'],
     *     ['channels' => ['private-orders.7'], 'event' => 'shipped', 'data' => '{}', 'socket_id' => '1234.5678'],
     * ]);
     * ```
     *
     * @param  list<array{channels: list<string>, event: string, data: string, socket_id?: string|null}>  $events
     *
     * @throws PublishException
     * @throws \TypeError
     */
    public function publishBatch(array $events): void
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Let `publish()` wait for the server's answer from now on, or only until the event is written; get what held before.
     *
     * It makes a difference for the unix socket only. What fails later is told by the next call, which publishes nothing then,
     * and counted by `failures()`. Events that were written arrive even if the process ends right after.
     *
     * ```php
     * $waited = $publisher->acknowledge(false);   // true
     * $publisher->publish(['news'], 'posted', '{}');
     * $publisher->acknowledge($waited);
     * ```
     */
    public function acknowledge(bool $acknowledge): bool
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Let `publish()` wait for nothing before `settle()`.
     *
     * Over the unix socket the first event is written at once; then up to 64 of them, or 64 KiB, wait for a millisecond
     * to be written with the next one, by `settle()`, or when the publisher is destroyed. Over HTTP they are kept and sent
     * together, by `settle()` or as soon as they are more than 1 MiB; so nothing of them is sent if `settle()` is never called.
     */
    public function openBatch(): void
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * End the batch, if one is open, and wait until the server has answered every event that was not waited for.
     *
     * ```php
     * $publisher->acknowledge(false);
     *
     * foreach (['red', 'green', 'blue'] as $colour) {
     *     $publisher->publish(['colours'], 'mixed', json_encode($colour));
     * }
     *
     * $publisher->settle();
     * ```
     *
     * @throws PublishException  About the first that failed.
     */
    public function settle(): void
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the number of this process's events that failed after their `publish()` had returned.
     *
     * ```php
     * $publisher->failures();   // 0
     * ```
     */
    public function failures(): int
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the occupied channels, or those whose names begin with the prefix.
     *
     * ```php
     * $publisher->channels('presence-', ['user_count']);   // ['presence-room' => ['user_count' => 2]]
     * ```
     *
     * @param  list<'user_count'|'subscription_count'|'cache'>|null  $info  What to tell about each.
     * @return array<string, array<string, mixed>>  By name.
     *
     * @throws PublishException
     * @throws \TypeError
     */
    public function channels(?string $prefix = null, ?array $info = null): array
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get whether the channel is occupied, and what else is asked for.
     *
     * ```php
     * $publisher->channel('presence-room', ['user_count', 'subscription_count']);   // ['occupied' => true, 'user_count' => 2]
     * $publisher->channel('nobody-is-here');   // ['occupied' => false]
     * ```
     *
     * @param  list<'user_count'|'subscription_count'|'cache'>|null  $info
     * @return array{occupied: bool, user_count?: int, subscription_count?: int, cache?: mixed}
     *
     * @throws PublishException
     * @throws \TypeError
     */
    public function channel(string $channel, ?array $info = null): array
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the ids of the users in a presence channel.
     *
     * ```php
     * $publisher->users('presence-room');   // ['7', '8']
     * ```
     *
     * @return list<mixed>  As they were signed: mostly strings or integers.
     *
     * @throws PublishException
     */
    public function users(string $channel): array
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Close all connections of a user who has signed in.
     *
     * ```php
     * $publisher->terminate('8');
     * ```
     *
     * @throws PublishException
     */
    public function terminate(string $userId): void
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the application's figures.
     *
     * ```php
     * $publisher->stats();   // ['connections' => 2, 'channels' => 1]
     * ```
     *
     * @return array{connections: int, channels: int}
     *
     * @throws PublishException
     */
    public function stats(): array
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get whether the last answer told of all servers that work together, or only of the one that was asked.
     *
     * With scaling, a server that cannot reach Redis, or gets no answer within a second, tells what it knows by itself.
     *
     * ```php
     * $figures = $publisher->stats();
     * $publisher->isComplete();   // true
     * ```
     *
     * @return bool  Also true before the first question, and always without scaling.
     */
    public function isComplete(): bool
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Sign a connection's subscription to a private or presence channel.
     *
     * ```php
     * echo json_encode($publisher->authorizeChannel($_POST['socket_id'], 'private-orders.7'));
     *
     * // For a presence channel, with who it is that subscribes; "user_id" is a must:
     * echo json_encode($publisher->authorizeChannel(
     *     $_POST['socket_id'], 'presence-room', json_encode(['user_id' => '7', 'user_info' => ['name' => 'Ada']])
     * ));
     * ```
     *
     * @param  string  $channel  Letters, digits and any of `-_=@,.;`, after perhaps a `#`: nothing that could carry another signature.
     * @param  string|null  $channelData  JSON text about the member of a presence channel.
     * @return array{auth: string, channel_data?: string, shared_secret?: string}  `shared_secret` is the key of an encrypted channel.
     *
     * @throws PublishException
     */
    public function authorizeChannel(string $socketId, string $channel, ?string $channelData = null): array
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Sign a user's sign-in.
     *
     * ```php
     * echo json_encode($publisher->authenticateUser($_POST['socket_id'], json_encode(['id' => '7', 'name' => 'Ada'])));
     * ```
     *
     * @param  string  $userData  JSON text about the user.
     * @return array{auth: string, user_data: string}
     *
     * @throws PublishException
     */
    public function authenticateUser(string $socketId, string $userData): array
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }

    /**
     * Get the way of the last event or question: `process`, `unix` or `http`, or `''` before the first.
     *
     * ```php
     * $publisher->publish(['news'], 'posted', '{}');
     * $publisher->route();   // 'process'
     * ```
     */
    public function route(): string
    {
        throw new \Error('The extension `reverb` is not loaded.');
    }
}
