<?php

namespace Laravel\Reverb\Tests\Laravel;

use App\Events\MessagePosted;
use Illuminate\Support\Facades\Event;

/**
 * The application of bin/demo, which must work in every version of the framework.
 */
class DemoAppTest extends TestCase
{
    private const ADA = ['visitor' => ['id' => '42', 'name' => 'Ada']];

    public function test_the_page_has_the_visitor_and_the_key(): void
    {
        $this->withSession(self::ADA)->get('/')->assertOk()->assertSee('Ada')->assertSee('test-key');
    }

    public function test_a_stranger_gets_a_name(): void
    {
        $this->get('/')->assertOk()->assertSessionHas('visitor.name', fn (string $name) => $name !== '');
    }

    public function test_a_visitor_chooses_a_name(): void
    {
        $this->withSession(self::ADA)->putJson('/visitor', ['name' => '  Ada   Lovelace '])
            ->assertExactJson(['id' => '42', 'name' => 'Ada Lovelace']);
        $this->withSession(self::ADA)->putJson('/visitor', ['name' => ' '])->assertUnprocessable();
    }

    public function test_a_stranger_chooses_none(): void
    {
        $this->putJson('/visitor', ['name' => 'Ada'])->assertUnauthorized();
    }

    public function test_a_message_is_broadcast_in_the_visitors_name(): void
    {
        Event::fake([MessagePosted::class]);

        $this->withSession(self::ADA)->post('/messages', ['text' => 'Hello'])->assertNoContent();

        Event::assertDispatched(MessagePosted::class, fn (MessagePosted $event) => [$event->text, $event->author] === ['Hello', 'Ada']);
    }

    public function test_the_configuration_and_the_routes_can_be_cached(): void
    {
        $caches = [
            'APP_CONFIG_CACHE' => $this->temporaryPath('config.php'),
            'APP_ROUTES_CACHE' => $this->temporaryPath('routes.php'),
        ];

        foreach (['config:cache', 'route:cache'] as $command) {
            $process = $this->start([$command], $caches + ['REVERB_SERVER_SOCKET' => $this->temporaryPath('cached.sock')]);
            $this->assertSame(0, $process->wait(), $process->output());
        }

        $this->assertFileExists($caches['APP_ROUTES_CACHE']);

        $this->startServer(environment: $caches);
        $this->assertFileExists($this->temporaryPath('cached.sock'));
    }
}
