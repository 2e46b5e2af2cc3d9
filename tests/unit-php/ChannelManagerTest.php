<?php

namespace Laravel\Reverb\Tests\Unit;

use Laravel\Reverb\Application;
use Laravel\Reverb\Protocols\Pusher\Channels\PresenceChannel;
use Laravel\Reverb\Protocols\Pusher\Managers\NativeChannelManager;
use Laravel\Reverb\Tests\Unit\Fakes\FakeServer;
use LogicException;
use PHPUnit\Framework\TestCase;

class ChannelManagerTest extends TestCase
{
    private NativeChannelManager $channels;

    protected function setUp(): void
    {
        $server = new FakeServer;
        $server->subscribers = [
            'news' => [['socket_id' => '1.1', 'place' => 4], ['socket_id' => '1.2', 'place' => 5]],
            'presence-room' => [['socket_id' => '1.2', 'place' => 5], ['socket_id' => '1.3', 'place' => 6]],
        ];
        $this->channels = (new NativeChannelManager($server))->for(new Application('7', 'key', 'secret', 60, 30, ['*'], 10_000));
    }

    public function test_the_channels_are_those_of_the_server(): void
    {
        $this->assertSame(['news', 'presence-room'], array_keys($this->channels->all()));
        $this->assertSame('news', $this->channels->all()['news']->name());
        $this->assertSame([true, false, false], array_map($this->channels->exists(...), ['news', 'new', 'newspaper']));
        $this->assertInstanceOf(PresenceChannel::class, $this->channels->find('presence-room'));
        $this->assertNull($this->channels->find('private-room'));
        $this->assertSame([], $this->channels->findOrCreate('private-room')->connections());
    }

    public function test_a_connection_of_several_channels_is_there_once(): void
    {
        $this->assertSame(['1.1', '1.2', '1.3'], array_keys($this->channels->connections()));
        $this->assertSame(['1.2', '1.3'], array_keys($this->channels->connections('presence-room')));
        $this->assertSame([], $this->channels->connections('nowhere'));
        $this->assertSame('1.3', $this->channels->findConnection('1.3')->id());
        $this->assertNull($this->channels->findConnection('9.9'));
    }

    public function test_whose_channels_are_meant_must_be_said(): void
    {
        $this->assertSame('7', $this->channels->app()->id());

        $this->expectException(LogicException::class);
        $this->expectExceptionMessage('app(ChannelManager::class)->for($application)');
        (new NativeChannelManager(new FakeServer))->all();
    }
}
