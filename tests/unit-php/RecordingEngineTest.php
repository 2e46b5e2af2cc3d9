<?php

namespace Laravel\Reverb\Tests\Unit;

use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Config\Repository;
use Laravel\Reverb\Broadcasting\ReverbBroadcaster;
use Laravel\Reverb\Exceptions\ExtensionNotLoaded;
use Laravel\Reverb\Testing\RecordingEngine;
use Laravel\Reverb\Testing\ReverbFake;
use Laravel\Reverb\Testing\ServerLimits;
use Laravel\Reverb\Tests\Unit\Fakes\FakeEngine;
use PHPUnit\Framework\TestCase;
use RuntimeException;

/**
 * What Reverb::fake() puts in the place of the extension.
 */
class RecordingEngineTest extends TestCase
{
    private const CONNECTION = ['app_id' => '7', 'key' => 'a-key', 'secret' => 'a-secret'];

    private FakeEngine $engine;

    private ReverbFake $fake;

    protected function setUp(): void
    {
        $this->engine = new FakeEngine;
        $this->fake = new ReverbFake;
    }

    public function test_an_event_is_checked_against_the_limits_of_the_server_and_the_application(): void
    {
        $this->broadcaster(['reverb' => [
            'servers' => ['reverb' => ['max_request_size' => '20000']],
            'apps' => ['apps' => [
                ['app_id' => null, 'limits' => ['event_data_size' => 5]],
                ['app_id' => 7, 'limits' => ['event_name_length' => '200', 'unknown' => 1]],
            ]],
        ]])->broadcast(['news'], 'posted', ['id' => 1, 'socket' => '1.2']);

        [$channels, $event, $data, $socket, $limits] = $this->engine->publisher->checked[0];
        $this->assertSame([['news'], 'posted', '{"id":1}', '1.2'], [$channels, $event, $data, $socket]);
        $this->assertSame(['max_request_size' => 20_000, 'event_name_length' => 200], array_filter($limits));
        $this->assertSame([], $this->engine->publisher->published);
        $this->fake->assertBroadcast('posted');
    }

    public function test_an_application_that_is_not_configured_has_the_limits_of_the_first(): void
    {
        $limits = ['reverb' => ['apps' => ['apps' => [['id' => '1', 'limits' => ['event_data_size' => 5]], ['id' => '2']]]]];

        $this->assertSame(['max_request_size' => 10_000, 'event_data_size' => 5], array_filter((new ServerLimits(new Repository($limits)))->of('fake')));
        $this->assertSame(['max_request_size' => 10_000], array_filter((new ServerLimits(new Repository($limits)))->of('2')));
    }

    public function test_without_a_configuration_the_defaults_hold(): void
    {
        $this->assertSame(['max_request_size' => 10_000], (new ServerLimits(new Repository))->of('7'));
    }

    public function test_what_is_refused_is_not_recorded(): void
    {
        $this->engine->publisher->failure = new RuntimeException('no');

        try {
            $this->broadcaster()->broadcast(['news'], 'posted');
            $this->fail('The event was not refused.');
        } catch (BroadcastException $e) {
            $this->assertSame('Cannot broadcast [posted]: no', $e->getMessage());
        }

        $this->fake->assertNothingBroadcast();
    }

    public function test_options_that_the_publisher_refuses_are_refused(): void
    {
        $this->engine->failure = new RuntimeException('the option will not do');

        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('Cannot broadcast through Reverb: the option will not do');

        $this->broadcaster()->broadcast(['news'], 'posted');
    }

    public function test_without_the_extension_everything_is_recorded(): void
    {
        $this->engine->failure = new ExtensionNotLoaded;

        $this->broadcaster()->broadcast([''], '');

        $this->fake->assertBroadcastOn('', '');
    }

    public function test_without_the_extension_a_wrong_option_is_refused_all_the_same(): void
    {
        $this->engine->failure = new ExtensionNotLoaded;

        $this->expectException(BroadcastException::class);
        $this->expectExceptionMessage('[broadcasting.connections.reverb.options.port] must be an integer from 1 to 65535, not "x"');

        $this->broadcaster(connection: ['options' => ['port' => 'x']])->broadcast(['news'], 'posted');
    }

    public function test_without_the_extension_nothing_is_signed(): void
    {
        $this->engine->failure = new ExtensionNotLoaded;

        $this->expectException(ExtensionNotLoaded::class);

        $this->engine()->publisher(self::CONNECTION)->authorizeChannel('1.2', 'private-orders');
    }

    private function broadcaster(array $config = [], array $connection = []): ReverbBroadcaster
    {
        return new ReverbBroadcaster($this->engine($config), $connection + self::CONNECTION);
    }

    private function engine(array $config = []): RecordingEngine
    {
        return new RecordingEngine($this->engine, $this->fake, new ServerLimits(new Repository($config)));
    }
}
