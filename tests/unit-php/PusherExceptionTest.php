<?php

namespace Laravel\Reverb\Tests\Unit;

use Laravel\Reverb\Protocols\Pusher\Exceptions\ConnectionLimitExceeded;
use Laravel\Reverb\Protocols\Pusher\Exceptions\ConnectionUnauthorized;
use Laravel\Reverb\Protocols\Pusher\Exceptions\InvalidOrigin;
use Laravel\Reverb\Protocols\Pusher\Exceptions\PusherException;
use Laravel\Reverb\Protocols\Pusher\Exceptions\RateLimitExceeded;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;

class PusherExceptionTest extends TestCase
{
    #[DataProvider('errors')]
    public function test_it_is_what_clients_are_told(PusherException $error, string $data): void
    {
        $this->assertSame(['event' => 'pusher:error', 'data' => $data], json_decode($error->message(), true));
    }

    public static function errors(): array
    {
        return [
            [new ConnectionLimitExceeded, '{"code":4004,"message":"Application is over connection quota"}'],
            [new ConnectionUnauthorized, '{"code":4009,"message":"Connection is unauthorized"}'],
            [new InvalidOrigin, '{"code":4009,"message":"Origin not allowed"}'],
            [new RateLimitExceeded, '{"code":4301,"message":"Rate limit exceeded"}'],
        ];
    }
}
