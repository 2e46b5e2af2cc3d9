<?php

namespace Laravel\Reverb\Tests\Laravel;

use Closure;
use Generator;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\Blade;
use Illuminate\Support\Facades\View;
use Illuminate\Support\Js;
use Laravel\Pulse\Entry;
use Laravel\Pulse\Livewire\Card;
use Laravel\Pulse\Pulse;
use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Pulse\Livewire\Connections;
use Laravel\Reverb\Pulse\Livewire\Messages;
use Laravel\Reverb\Pulse\Recorders\ReverbConnections;
use Laravel\Reverb\Pulse\Recorders\ReverbMessages;
use Laravel\Reverb\Pulse\ServerBeat;
use Laravel\Reverb\ReverbServiceProvider;
use Laravel\Reverb\Servers\Reverb\Monitors;
use Laravel\Reverb\Servers\Reverb\RestartSignal;
use Laravel\Reverb\Servers\Reverb\ServerConfiguration;
use Laravel\Reverb\Tests\Laravel\Support\DrivenEngine;
use Laravel\Reverb\Tests\Laravel\Support\WebSocket;
use Laravel\Reverb\Tests\Unit\Fakes\FakeEngine;
use Laravel\Telescope\Contracts\EntriesRepository;
use Laravel\Telescope\Telescope;
use Livewire\Livewire;
use PHPUnit\Framework\Attributes\DataProvider;
use RuntimeException;

/**
 * Pulse and Telescope beside the server. Both are stand-ins, see Support/Packages.
 */
class MonitorsTest extends TestCase
{
    protected function setUp(): void
    {
        parent::setUp();

        require_once __DIR__.'/Support/Packages/pulse.php';
        require_once __DIR__.'/Support/Packages/telescope.php';

        Livewire::$isUpdate = false;
        Telescope::$stores = [];
        config(['reverb.servers.reverb.socket' => null, 'reverb.servers.reverb.host' => '127.0.0.1', 'reverb.servers.reverb.port' => 0]);
        $this->app->instance(RestartSignal::class, new RestartSignal($this->app->make('cache.store'), 0));
        $this->app->when(Monitors::class)->needs('$interval')->give(1);
    }

    public function test_d24_connections_are_recorded_without_a_request_and_by_their_sample_rate(): void
    {
        config(['reverb.apps.apps.1' => ['app_id' => '2', 'key' => 'second-key', 'secret' => 's'] + config('reverb.apps.apps.0')]);

        // Nobody answers on the port of the broadcasting connection...
        $entries = $this->recorded(function (int $port) {
            $browser = new WebSocket($port);
            $other = new WebSocket($port);
            yield from $this->rounds();
            $other->leave();
            yield from $this->rounds();
        }, [ReverbConnections::class => ['sample_rate' => 1]]);

        $this->assertSame([0, 2], [$this->values($entries, '2')[0], max($this->values($entries, '1001'))]);
        $this->assertSame([['avg', 'max'], true], [$entries[0]->aggregations, $entries[0]->onlyBuckets]);
        $this->assertSame(['reverb_connections'], array_values(array_unique(array_column($entries, 'type'))));

        $this->assertSame([], $this->recorded(fn () => yield from $this->rounds(), [ReverbConnections::class => ['sample_rate' => 0]]));
    }

    public function test_messages_are_recorded_once_with_their_number(): void
    {
        $entries = $this->recorded(function (int $port) {
            $browser = (new WebSocket($port))->subscribe('news');
            yield from $this->rounds();
            $browser->send('pusher:ping', (object) []);
            $browser->expect('pusher:pong');
        }, [ReverbMessages::class => []]);

        // A greeting, a subscription, a pong; on the end an error that says why.
        $sent = array_filter($entries, fn ($entry) => $entry->type === 'reverb_message:sent');
        $received = array_filter($entries, fn ($entry) => $entry->type === 'reverb_message:received');
        $this->assertGreaterThanOrEqual(3, array_sum(array_column($sent, 'value')));
        $this->assertSame(2, array_sum(array_column($received, 'value')));
        $this->assertSame([['sum'], true, '1001'], [$entries[0]->aggregations, $entries[0]->onlyBuckets, $entries[0]->key]);
    }

    public function test_a_sample_of_messages_is_exact_in_the_end(): void
    {
        $pulse = $this->pulse([ReverbMessages::class => ['sample_rate' => 0.25]]);

        foreach (range(1, 100) as $beat) {
            event(new ServerBeat(now(), [['app_id' => '1', 'connections' => 1, 'messages_received' => 0, 'messages_sent' => 3]]));
        }

        $this->assertSame(75, array_sum(array_column($pulse->entries, 'value')));
        $this->assertSame(['reverb_message:sent'], array_values(array_unique(array_column($pulse->entries, 'type'))));
    }

    public function test_a_recorder_may_be_on_without_options_and_off_in_both_ways_of_pulse(): void
    {
        $this->assertSame([], $this->recorded(fn () => yield from $this->rounds(), [
            ReverbConnections::class => false,
            ReverbMessages::class => ['enabled' => false, 'sample_rate' => 1],
        ]));

        $this->assertNotSame([], $this->recorded(fn () => yield from $this->rounds(), [ReverbConnections::class => true]));
    }

    public function test_connections_are_those_to_all_servers_of_the_installation(): void
    {
        $pulse = $this->pulse([ReverbConnections::class => []]);
        $this->app->instance(Engine::class, $engine = new FakeEngine);
        $engine->server->applications = [
            ['app_id' => '1001', 'connections' => 2, 'messages_received' => 0, 'messages_sent' => 0],
            ['app_id' => '1002', 'connections' => 0, 'messages_received' => 0, 'messages_sent' => 0],
            ['app_id' => 'gone', 'connections' => 1, 'messages_received' => 0, 'messages_sent' => 0],
        ];

        foreach ([false, true] as $scaled) {
            $monitors = $this->app->make(Monitors::class);
            $monitors->schedule(new ServerConfiguration(new Section('server', ['scaling' => ['enabled' => $scaled]]), collect()));
            $monitors->round($engine->server, fn ($warning) => $this->fail($warning));
        }

        // The fake publisher knows of three...
        $this->assertSame([2, 0, 1, 3, 0, 1], array_column($pulse->entries, 'value'));
        $this->assertSame([['app_id' => '1001', 'key' => 'test-key', 'secret' => 'test-secret']], $engine->publishers);
    }

    public function test_what_was_recorded_is_stored_at_its_interval_and_at_the_end(): void
    {
        config(['reverb.servers.reverb.pulse_ingest_interval' => 1, 'reverb.servers.reverb.telescope_ingest_interval' => 86_400]);
        $pulse = $this->pulse([ReverbConnections::class => []]);
        $this->app->instance(EntriesRepository::class, $repository = new class implements EntriesRepository {});

        $began = hrtime(true);
        $this->serve(function () use ($pulse, $began) {
            while ($pulse->ingests === 0) {
                yield;
            }

            $this->assertGreaterThanOrEqual(1_000_000_000, hrtime(true) - $began);
            $this->assertSame([], Telescope::$stores);
        });

        // Every round of the server records something, so that it was the end that stored the last of it...
        $this->assertGreaterThanOrEqual(2, $pulse->ingests);
        $this->assertSame([], $pulse->entries);
        $this->assertNotSame([], $pulse->stored);
        $this->assertSame([$repository], Telescope::$stores);
    }

    public function test_without_pulse_and_telescope_nothing_is_asked_and_nothing_is_registered(): void
    {
        $engine = $this->app->instance(Engine::class, new FakeEngine);
        $engine->server->polls = [$this->restart(...)];

        $this->artisan('reverb:start');

        $this->assertSame([], $engine->server->calls);
        $this->assertFalse(View::exists('reverb::livewire.connections'));
        $this->assertSame([], Telescope::$stores);
    }

    public function test_a_store_that_fails_does_not_stop_the_server_and_is_told_once(): void
    {
        config(['reverb.servers.reverb.pulse_ingest_interval' => 1]);
        $reported = [];
        $this->app->make(ExceptionHandler::class)->reportable(function (RuntimeException $e) use (&$reported) {
            $reported[] = $e->getMessage();
        })->stop();
        $pulse = $this->pulse([]);
        $pulse->failure = new RuntimeException("no such table: pulse_entries\nin line 3");

        $output = $this->serve(function () use ($pulse) {
            while ($pulse->ingests === 0) {
                yield;
            }
        });

        $this->assertGreaterThanOrEqual(2, $pulse->ingests);
        $this->assertSame(1, substr_count($output, 'The server goes on, but cannot store what Pulse has recorded: no such table: pulse_entries.'));
        $this->assertSame(["no such table: pulse_entries\nin line 3"], $reported);
    }

    public function test_the_cards_have_the_names_of_reverb(): void
    {
        $this->pulse([]);
        $this->app->instance('livewire', $livewire = new class
        {
            public array $components = [];

            public function component(string $name, string $class): void
            {
                $this->components[$name] = $class;
            }
        });

        (new ReverbServiceProvider($this->app))->boot();
        $this->app->make('livewire');

        $this->assertSame(['reverb.connections' => Connections::class, 'reverb.messages' => Messages::class], $livewire->components);
    }

    public function test_the_card_of_connections_shows_the_most_and_the_average(): void
    {
        $pulse = $this->pulse([ReverbConnections::class => []]);

        foreach ([10, 30] as $connections) {
            event(new ServerBeat(now()->setTimestamp(60), [['app_id' => '1001', 'connections' => $connections, 'messages_received' => 0, 'messages_sent' => 0]]));
        }
        $pulse->ingest();

        $html = $this->render(new Connections);
        $this->assertStringContainsString('Reverb Connections (past hour)', $html);
        $this->assertStringContainsString('30 at the most', $html);
        $this->assertStringContainsString($this->script(['peak' => ['1970-01-01 00:00:00' => null, '1970-01-01 00:01:00' => 30], 'average' => ['1970-01-01 00:00:00' => null, '1970-01-01 00:01:00' => 20]]), $html);
        $this->assertStringContainsString('wire:poll.5s', $html);
        $this->assertStringContainsString("Livewire.on('reverb-connections-chart-update'", $html);
    }

    #[DataProvider('periods')]
    public function test_the_card_of_messages_shows_numbers_and_rates(string $period, string $rate, float $sent): void
    {
        $pulse = $this->pulse([ReverbMessages::class => ['sample_rate' => 0.5]]);
        event(new ServerBeat(now()->setTimestamp(60), [['app_id' => '1001', 'connections' => 1, 'messages_received' => 20, 'messages_sent' => 12_000]]));
        $pulse->ingest();

        $card = new Messages;
        $card->period = $period;
        Livewire::$isUpdate = true;
        $html = $this->render($card);

        $this->assertStringContainsString("Sent per {$rate}", $html);
        $this->assertStringContainsString('~'.number_format($sent)." sent per {$rate} at the most", $html);

        [$event, ['messages' => $messages]] = $card->dispatched[0];
        $this->assertSame('reverb-messages-chart-update', $event);
        $this->assertSame(12_000.0, (float) $messages['1001']['sent']->sum());
        $this->assertSame(20.0, (float) $messages['1001']['received']->sum());
        $this->assertSame($sent, $messages['1001']['sent_rate']->sum());
    }

    public static function periods(): array
    {
        return [['1_hour', 'second', 200.0], ['6_hours', 'minute', 2_000.0], ['24_hours', 'hour', 30_000.0], ['7_days', 'day', 102_857.14]];
    }

    public function test_a_card_without_figures_says_so(): void
    {
        $this->pulse([]);

        $this->assertStringContainsString('No results', $this->render(new Connections));
        $this->assertStringContainsString('No results', $this->render(new Messages));
    }

    /**
     * Put Pulse into the application, with these recorders in its configuration.
     *
     * @param  array<class-string, array<string, mixed>|bool>  $recorders
     */
    private function pulse(array $recorders): Pulse
    {
        config(['pulse.recorders' => $recorders]);

        return $this->app->instance(Pulse::class, new Pulse($this->app))->register($recorders);
    }

    /**
     * Get what Pulse has recorded of a server while a script ran.
     *
     * @param  \Closure(int): \Generator  $script
     * @return list<\Laravel\Pulse\Entry>
     */
    private function recorded(Closure $script, array $recorders): array
    {
        $this->app->make('events')->forget(ServerBeat::class);
        $pulse = $this->pulse($recorders);
        $this->serve($script);

        return $pulse->stored;
    }

    /**
     * Serve while a script runs, and return what the command has written.
     *
     * @param  \Closure(int): \Generator  $script
     */
    private function serve(Closure $script): string
    {
        $this->app->instance(Engine::class, new DrivenEngine($script, $this->restart(...)));
        $this->withoutMockingConsoleOutput()->artisan('reverb:start');

        return preg_replace('/\s+/', ' ', Artisan::output());
    }

    /**
     * Let the server go through its loop some times.
     */
    private function rounds(): Generator
    {
        for ($round = 0; $round < 3; $round++) {
            yield;
        }
    }

    private function restart(): array
    {
        cache()->forever(RestartSignal::KEY, random_int(1, PHP_INT_MAX));

        return [];
    }

    /**
     * @param  list<\Laravel\Pulse\Entry>  $entries
     * @return list<int>
     */
    private function values(array $entries, string $application): array
    {
        return array_column(array_filter($entries, fn (Entry $entry) => $entry->key === $application), 'value');
    }

    /**
     * Render a card as Livewire does: its view sees it as $this.
     */
    private function render(Card $card): string
    {
        (new ReverbServiceProvider($this->app))->boot();
        Blade::anonymousComponentPath(__DIR__.'/Support/Packages/pulse-components', 'pulse');

        $view = $card->render();
        $data = $view->getData() + get_object_vars($card) + ['__env' => View::getFacadeRoot(), 'app' => $this->app];
        $compiled = Blade::compileString(file_get_contents($view->getPath()));

        return (function () use ($compiled, $data) {
            extract($data);
            ob_start();
            $__env->incrementRender();
            eval('?>'.$compiled);
            $__env->decrementRender();

            return ob_get_clean();
        })->call($card);
    }

    /**
     * Write a value as @js does.
     */
    private function script(array $value): string
    {
        return substr((string) Js::from($value), strlen("JSON.parse('"), -2);
    }
}
