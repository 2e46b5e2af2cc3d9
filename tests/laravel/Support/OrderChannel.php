<?php

namespace Laravel\Reverb\Tests\Laravel\Support;

use App\Models\User;

/**
 * A channel class, as "make:channel" makes them.
 */
class OrderChannel
{
    public function join(User $user, Order $order): array|bool
    {
        return $user->id === $order->owner ? ['id' => $user->id, 'order' => $order->id] : false;
    }
}
