<?php

namespace Laravel\Reverb\Tests\Laravel;

use App\Events\MessagePosted;
use App\Events\NumberFired;
use App\Models\User;
use Closure;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Foundation\Application;
use Illuminate\Support\Facades\Broadcast;
use Laravel\Reverb\Reverb;
use Laravel\Reverb\Testing\RecordedBroadcast;
use Laravel\Reverb\Tests\Laravel\Support\OrderShipped;
use LogicException;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\ExpectationFailedException;

/**
 * Reverb::fake(). No server runs in these tests: what is not recorded fails.
 */
class FakeTest extends TestCase
{
    public function test_an_event_is_found_by_its_class_and_by_its_name(): void
    {
        Reverb::fake();

        OrderShipped::dispatch(7);
        MessagePosted::dispatch('Hello');

        Reverb::assertBroadcast(OrderShipped::class);
        Reverb::assertBroadcast('order.shipped');
        Reverb::assertBroadcast(MessagePosted::class, 1);
        Reverb::assertNotBroadcast(NumberFired::class);
        Reverb::assertBroadcastTimes('order.shipped');
        Reverb::assertBroadcastCount(2);
    }

    public function test_what_is_recorded_is_what_would_be_sent(): void
    {
        $fake = Reverb::fake();

        OrderShipped::dispatch(7);

        $broadcast = $fake->broadcasts()->sole();
        $this->assertSame('order.shipped', $broadcast->event);
        $this->assertSame(['private-orders.7', 'private-orders'], $broadcast->channels);
        $this->assertSame(['id' => 7, 'carrier' => 'post'], $broadcast->payload);
        $this->assertNull($broadcast->socket);
        $this->assertSame('reverb', $broadcast->connection);
        $this->assertInstanceOf(OrderShipped::class, $broadcast->source);
    }

    public function test_a_closure_gets_the_payload_and_the_broadcast(): void
    {
        Reverb::fake();

        OrderShipped::dispatch(7);
        OrderShipped::dispatch(8);

        Reverb::assertBroadcast(OrderShipped::class, fn (array $payload) => $payload['id'] === 8);
        Reverb::assertBroadcast('order.shipped', fn (array $payload, RecordedBroadcast $broadcast) => $broadcast->source->order === 7);
        Reverb::assertNotBroadcast(OrderShipped::class, fn (array $payload) => $payload['id'] === 9);
        $this->assertSame([7], Reverb::broadcasts(OrderShipped::class, fn ($payload) => $payload['id'] < 8)->pluck('payload.id')->all());
    }

    public function test_channels_are_named_as_on_the_wire_or_by_their_objects(): void
    {
        Reverb::fake();

        OrderShipped::dispatch(7);

        Reverb::assertBroadcastOn('private-orders.7', 'order.shipped');
        Reverb::assertBroadcastOn(new PrivateChannel('orders.7'), OrderShipped::class);
        Reverb::assertBroadcastOn(['private-orders', new PrivateChannel('orders.7')], OrderShipped::class, fn ($payload) => $payload['carrier'] === 'post');
    }

    public function test_queued_and_immediate_events_are_recorded_in_their_order(): void
    {
        $fake = Reverb::fake();

        NumberFired::dispatch('run', 1, 2, 'Ada');
        MessagePosted::dispatch('Hello');
        broadcast(new NumberFired('run', 2, 2, 'Ada'));

        $this->assertSame(
            [NumberFired::class, MessagePosted::class, NumberFired::class], $fake->broadcasts()->pluck('event')->all()
        );
    }

    public function test_a_worker_of_this_process_broadcasts_into_the_fake(): void
    {
        Reverb::fake();
        config(['queue.default' => 'database']);

        MessagePosted::dispatch('Hello');
        Reverb::assertNothingBroadcast();

        $this->artisan('queue:work', ['--stop-when-empty' => true, '--sleep' => 0]);
        Reverb::assertBroadcast(MessagePosted::class, fn ($payload) => $payload['text'] === 'Hello');
    }

    public function test_to_others_is_recorded_with_the_senders_socket(): void
    {
        Reverb::fake();

        $this->withHeader('X-Socket-ID', '1234.5678')->post('/messages', ['text' => 'Hi'])->assertNoContent();

        Reverb::assertBroadcast(MessagePosted::class, fn ($payload, $broadcast) => $broadcast->socket === '1234.5678' && ! array_key_exists('socket', $payload));
    }

    public function test_anonymous_broadcasts_are_recorded_where_the_framework_has_them(): void
    {
        Reverb::fake();

        // Laravel 11 and later...
        if (version_compare(Application::VERSION, '11.0', '<')) {
            Broadcast::connection()->broadcast(['orders.1'], 'placed', ['total' => 3]);
        } else {
            Broadcast::on('orders.1')->as('placed')->with(['total' => 3])->sendNow();
        }

        Reverb::assertBroadcastOn('orders.1', 'placed', fn ($payload) => $payload === ['total' => 3]);
    }

    public function test_events_of_several_connections_tell_theirs(): void
    {
        config(['broadcasting.connections.second' => ['driver' => 'reverb', 'key' => 'k', 'secret' => 's', 'app_id' => '2']]);
        $fake = Reverb::fake();

        event((new OrderShipped(1))->broadcastVia(['reverb', 'second']));
        Broadcast::connection('second')->broadcast(['news'], 'posted', []);

        $this->assertSame(['reverb', 'second', 'second'], $fake->broadcasts()->pluck('connection')->all());
    }

    public function test_a_batch_is_recorded(): void
    {
        Reverb::fake();

        $this->assertSame('done', Reverb::batch(function () {
            OrderShipped::dispatch(1);
            OrderShipped::dispatch(2);

            return 'done';
        }));

        Reverb::assertBroadcastTimes(OrderShipped::class, 2);
    }

    public function test_a_broadcaster_that_was_used_before_records_too(): void
    {
        $broadcaster = Broadcast::connection('reverb');
        Reverb::fake();

        $broadcaster->broadcast(['news'], 'posted', ['id' => 1]);

        Reverb::assertBroadcastOn('news', 'posted');
        $this->actingAs(new User('42', 'Ada'))
            ->post('/broadcasting/auth', ['channel_name' => 'presence-room', 'socket_id' => '1234.5678'])
            ->assertOk()->assertJsonPath('auth', 'test-key:c7a1d6ac1c6aedd07645b776ab2af197d525a6b485f79fc2d767228eb71123e3');
    }

    #[DataProvider('defaults')]
    public function test_the_default_connection_need_not_be_reverb(?string $default): void
    {
        config(['broadcasting.default' => $default, 'broadcasting.connections.reverb' => null]);
        Broadcast::channel('orders.{id}', fn (User $user, int $id) => $id === 7, ['guards' => ['web']]);
        Reverb::fake();

        OrderShipped::dispatch(7);

        Reverb::assertBroadcastOn('private-orders.7', OrderShipped::class);
        $this->actingAs(new User('42', 'Ada'))
            ->post('/broadcasting/auth', ['channel_name' => 'private-orders.7', 'socket_id' => '1234.5678'])->assertOk();
    }

    public static function defaults(): array
    {
        return ['none' => [null], 'null' => ['null'], 'log' => ['log']];
    }

    public function test_what_would_be_encrypted_can_be_read(): void
    {
        config(['broadcasting.connections.reverb.options.encryption_master_key_base64' => base64_encode(random_bytes(32))]);
        Reverb::fake();

        Broadcast::connection()->broadcast(['private-encrypted-notes'], 'written', ['text' => 'secret']);

        Reverb::assertBroadcastOn('private-encrypted-notes', 'written', fn ($payload) => $payload === ['text' => 'secret']);
    }

    public function test_a_second_fake_begins_anew(): void
    {
        Reverb::fake();
        OrderShipped::dispatch(7);

        Reverb::fake();
        Reverb::assertNothingBroadcast();
        OrderShipped::dispatch(8);
        Reverb::assertBroadcastCount(1);
    }

    #[DataProvider('failures')]
    public function test_a_failure_says_what_was_broadcast_instead(Closure $assertion, string $message): void
    {
        Reverb::fake();
        OrderShipped::dispatch(7);

        try {
            $assertion();
        } catch (ExpectationFailedException $e) {
            $this->assertStringStartsWith(
                "{$message}\nWhat was broadcast:\n  [order.shipped] on [private-orders.7], [private-orders] through [reverb]\n", $e->getMessage()."\n"
            );

            return;
        }

        $this->fail('The assertion passed.');
    }

    public static function failures(): array
    {
        $no = fn () => false;

        return [
            [fn () => Reverb::assertBroadcast('posted'), 'The expected [posted] event was not broadcast.'],
            [fn () => Reverb::assertBroadcast('order.shipped', $no), 'The expected [order.shipped] event was broadcast, but none passed the test.'],
            [fn () => Reverb::assertBroadcast('order.shipped', 2), 'The expected [order.shipped] event was broadcast 1 time instead of 2 times.'],
            [fn () => Reverb::assertBroadcastTimes('order.shipped', 0), 'The expected [order.shipped] event was broadcast 1 time instead of 0 times.'],
            [fn () => Reverb::assertBroadcastOn('orders', 'order.shipped'), 'The expected [order.shipped] event was not broadcast on [orders].'],
            [fn () => Reverb::assertBroadcastOn(['private-orders', 'news'], 'order.shipped'), 'The expected [order.shipped] event was not broadcast on [private-orders], [news].'],
            [fn () => Reverb::assertBroadcastOn('private-orders', 'order.shipped', $no), 'The expected [order.shipped] event was broadcast on [private-orders], but none passed the test.'],
            [fn () => Reverb::assertBroadcastCount(3), '1 event was broadcast instead of 3.'],
            [fn () => Reverb::assertNotBroadcast(OrderShipped::class), 'The unexpected [Laravel\Reverb\Tests\Laravel\Support\OrderShipped] event was broadcast.'],
            [fn () => Reverb::assertNothingBroadcast(), 'Events were broadcast unexpectedly.'],
        ];
    }

    public function test_a_failure_says_that_nothing_was_broadcast(): void
    {
        Reverb::fake();

        $this->expectException(ExpectationFailedException::class);
        $this->expectExceptionMessage('The expected [posted] event was not broadcast. Nothing was broadcast.');

        Reverb::assertBroadcast('posted');
    }

    public function test_asking_without_a_fake_names_the_remedy(): void
    {
        $this->expectException(LogicException::class);
        $this->expectExceptionMessage('Reverb::assertBroadcast() needs Reverb::fake() before it');

        Reverb::assertBroadcast('posted');
    }
}
