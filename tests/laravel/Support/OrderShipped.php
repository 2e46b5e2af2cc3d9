<?php

namespace Laravel\Reverb\Tests\Laravel\Support;

use Illuminate\Broadcasting\InteractsWithBroadcasting;
use Illuminate\Broadcasting\InteractsWithSockets;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcast;
use Illuminate\Foundation\Events\Dispatchable;

/**
 * An event that has a name, a payload and perhaps a connection of its own.
 */
class OrderShipped implements ShouldBroadcast
{
    use Dispatchable, InteractsWithBroadcasting, InteractsWithSockets;

    public function __construct(public int $order, private string $carrier = 'post')
    {
        //
    }

    public function broadcastAs(): string
    {
        return 'order.shipped';
    }

    public function broadcastWith(): array
    {
        return ['id' => $this->order, 'carrier' => $this->carrier];
    }

    public function broadcastOn(): array
    {
        return [new PrivateChannel("orders.{$this->order}"), new PrivateChannel('orders')];
    }
}
