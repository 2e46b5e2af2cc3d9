<?php

namespace Laravel\Reverb\Tests\Unit;

use InvalidArgumentException;
use Laravel\Reverb\Application;
use Laravel\Reverb\Connection;
use Laravel\Reverb\Native\Socket;
use Laravel\Reverb\Protocols\Pusher\Channels\CacheChannel;
use Laravel\Reverb\Protocols\Pusher\Channels\Channel;
use Laravel\Reverb\Protocols\Pusher\Channels\ChannelBroker;
use Laravel\Reverb\Protocols\Pusher\Channels\PresenceCacheChannel;
use Laravel\Reverb\Protocols\Pusher\Channels\PresenceChannel;
use Laravel\Reverb\Protocols\Pusher\Channels\PrivateCacheChannel;
use Laravel\Reverb\Protocols\Pusher\Channels\PrivateChannel;
use Laravel\Reverb\Tests\Unit\Fakes\FakeServer;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;

class ChannelTest extends TestCase
{
    private FakeServer $server;

    protected function setUp(): void
    {
        $this->server = new FakeServer;
    }

    #[DataProvider('kinds')]
    public function test_the_name_decides_the_kind(string $name, string $class): void
    {
        $channel = $this->channel($name);

        $this->assertSame($class, $channel::class);
        $this->assertSame($name, $channel->name());
    }

    public static function kinds(): array
    {
        return [
            ['news', Channel::class],
            ['private-orders', PrivateChannel::class],
            ['private-encrypted-orders', PrivateChannel::class],
            ['presence-room', PresenceChannel::class],
            ['cache-news', CacheChannel::class],
            ['private-cache-orders', PrivateCacheChannel::class],
            ['private-encrypted-cache-orders', PrivateCacheChannel::class],
            ['presence-cache-room', PresenceCacheChannel::class],
        ];
    }

    public function test_its_connections_are_those_of_the_server(): void
    {
        $this->server->subscribers['news'] = [
            ['socket_id' => '1.2', 'place' => 4, 'origin' => 'http://here'],
            ['socket_id' => '1.3', 'place' => 5],
        ];

        $connections = $this->channel('news')->connections();

        $this->assertSame(['1.2', '1.3'], array_keys($connections));
        $this->assertSame(['1.2', 'http://here', '7'], [
            $connections['1.2']->id(), $connections['1.2']->origin(), $connections['1.2']->app()->id(),
        ]);
        $this->assertNull($connections['1.3']->origin());

        $connections['1.3']->send('hello');
        $this->assertSame([['send', '1.3', 5, 'hello']], $this->server->calls);
        $this->assertTrue($this->channel('news')->subscribed($connections['1.3']->connection()));
        $this->assertFalse($this->channel('news')->subscribed($this->connection('9.9')));
        $this->assertNull($this->channel('news')->findById('9.9'));
    }

    public function test_a_message_goes_to_all_or_to_all_others(): void
    {
        $this->channel('news')->broadcastToAll(['event' => 'a']);
        $this->channel('news')->broadcast(['event' => 'b'], $this->connection('1.2'));

        $this->assertSame([
            ['broadcast', '7', 'news', '{"event":"a"}', null],
            ['broadcast', '7', 'news', '{"event":"b"}', '1.2'],
        ], $this->server->calls);
    }

    public function test_a_presence_channel_lists_each_member_once(): void
    {
        $subscriber = fn (string $id, array $data) => ['socket_id' => $id, 'place' => 1, 'channel_data' => json_encode($data)];
        $this->server->subscribers['presence-room'] = [
            $subscriber('1.1', ['user_id' => 1, 'user_info' => ['name' => 'Ada']]),
            $subscriber('1.2', ['user_id' => '1', 'user_info' => ['name' => 'Ada']]),
            $subscriber('1.3', ['user_id' => 'b']),
        ];

        $this->assertSame(['presence' => [
            'count' => 2,
            'ids' => [1, 'b'],
            'hash' => [1 => ['name' => 'Ada'], 'b' => null],
        ]], $this->channel('presence-room')->data());
        $this->assertSame('Ada', $this->channel('presence-room')->connections()['1.1']->data('user_info.name'));
        $this->assertSame([], $this->channel('news')->data());
    }

    public function test_a_cache_channel_tells_what_it_has_kept(): void
    {
        $this->server->cached['cache-news'] = '{"event":"kept"}';

        $this->assertSame(['event' => 'kept'], $this->channel('cache-news')->cachedPayload());
        $this->assertFalse($this->channel('cache-other')->hasCachedPayload());
    }

    public function test_a_connection_ends_by_either_name(): void
    {
        $connection = $this->connection('1.2');
        $connection->disconnect();
        $connection->terminate();
        (new Socket($this->server, '1.3', 4))->close('bye');

        $this->assertSame([
            ['disconnect', '1.2', 8], ['disconnect', '1.2', 8], ['send', '1.3', 4, 'bye'], ['disconnect', '1.3', 4],
        ], $this->server->calls);
        $this->assertSame(['1.2', '1.2'], [$connection->id(), $connection->identifier()]);
    }

    public function test_a_text_that_clients_cannot_read_is_not_sent(): void
    {
        try {
            $this->connection('1.2')->send("gr\xfc\xdfe");
            $this->fail('It was sent.');
        } catch (InvalidArgumentException $e) {
            $this->assertSame('A message must be UTF-8: clients end a connection that sends them another text', $e->getMessage());
        }

        $this->assertSame([], $this->server->calls);
    }

    private function channel(string $name): Channel
    {
        return ChannelBroker::create($name, $this->application(), $this->server);
    }

    private function connection(string $id): Connection
    {
        return new Connection(new Socket($this->server, $id, 8), $this->application(), null);
    }

    private function application(): Application
    {
        return new Application('7', 'key', 'secret', 60, 30, ['*'], 10_000);
    }
}
