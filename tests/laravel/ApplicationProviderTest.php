<?php

namespace Laravel\Reverb\Tests\Laravel;

use Closure;
use Laravel\Reverb\Tests\Laravel\Support\Artisan;
use Laravel\Reverb\Tests\Laravel\Support\Newcomer;
use Laravel\Reverb\Tests\Laravel\Support\WebSocket;
use PDO;
use PHPUnit\Framework\Attributes\TestWith;
use Reverb\Publisher;
use Reverb\PublishException;

/**
 * Applications that live in a database, and a server that runs while they come, change and go.
 */
class ApplicationProviderTest extends TestCase
{
    private PDO $database;

    private Artisan $server;

    protected function setUp(): void
    {
        parent::setUp();

        $this->database = new PDO('sqlite:'.$this->temporaryPath('applications.sqlite'));
        $this->database->exec('PRAGMA journal_mode = WAL');
        $this->database->exec('PRAGMA busy_timeout = 5000');
        $this->createTable();
        $this->insert('1', 'first-key', 'first-secret');
    }

    public function test_a_row_that_came_later_is_an_application_without_a_restart(): void
    {
        $this->serve();
        $this->insert('2', 'later-key', 'later-secret');

        $browser = (new WebSocket($this->server->port(), 'later-key'))->subscribe('news');
        $this->publisher('2', 'later-key', 'later-secret')->publish(['news'], 'posted', '1');
        $this->assertSame(1, $browser->expect('posted'));

        $this->server->waitForError('/Heard: 1 in news/');
    }

    public function test_a_publisher_may_name_it_first_on_the_socket_and_over_http(): void
    {
        $this->serve();

        foreach (['socket' => '2', 'http' => '3'] as $way => $id) {
            $this->insert($id, "key-{$id}", 'secret');
            $this->publisher($id, "key-{$id}", 'secret', $way)->publish(['news'], 'posted', '1');
            $this->assertNull((new Newcomer($this->server->port(), "key-{$id}"))->refusal());
        }
    }

    public function test_a_server_may_start_before_there_is_any_row(): void
    {
        $this->database->exec('DELETE FROM applications');
        $this->serve();

        $this->assertSame(4001, (new Newcomer($this->server->port(), 'later-key'))->refusal());
        $this->insert('2', 'another-key', 'secret');
        $this->assertNull((new Newcomer($this->server->port(), 'another-key'))->refusal());
    }

    public function test_a_deleted_row_is_refused_after_its_time_and_its_connections_stay(): void
    {
        $this->serve();
        $browser = (new WebSocket($this->server->port(), 'first-key'))->subscribe('news');
        $this->database->exec('DELETE FROM applications');

        $this->eventually(fn () => (new Newcomer($this->server->port(), 'first-key'))->refusal() === 4001);
        $browser->expectNothing();

        $this->insert('1', 'first-key', 'first-secret');
        $this->eventually(fn () => (new Newcomer($this->server->port(), 'first-key'))->refusal() === null);
    }

    public function test_a_changed_secret_is_taken_over_after_its_time(): void
    {
        $this->serve();
        $this->database->exec("UPDATE applications SET secret = 'new-secret'");

        $this->eventually(fn () => $this->publishes('1', 'first-key', 'new-secret'));
        $this->assertFalse($this->publishes('1', 'first-key', 'first-secret'));
    }

    public function test_while_the_database_is_down_old_applications_go_on_and_it_is_reported(): void
    {
        $this->serve();
        $browser = (new WebSocket($this->server->port(), 'first-key'))->subscribe('news');
        $this->database->exec('DROP TABLE applications');

        $this->assertSame(4100, (new Newcomer($this->server->port(), 'later-key'))->refusal());
        $this->server->waitForError('/Reported: Illuminate\\\\Database\\\\QueryException/');
        $this->assertNull((new Newcomer($this->server->port(), 'first-key'))->refusal());
        $this->assertTrue($this->publishes('1', 'first-key', 'first-secret'));
        $browser->expect('posted');

        $this->createTable();
        $this->insert('2', 'later-key', 'later-secret');
        $this->eventually(fn () => (new Newcomer($this->server->port(), 'later-key'))->refusal() === null);
        $this->assertSame(1, substr_count($this->server->output(), 'Reported: '), 'Once a minute is enough.');
    }

    public function test_a_database_that_is_down_at_the_start_is_named(): void
    {
        $this->database->exec('DROP TABLE applications');
        $server = $this->startWithoutWaiting();

        $this->assertSame(1, $server->wait());
        $this->assertStringContainsString('no such table: applications', $server->output());
    }

    public function test_a_flood_of_unknown_keys_disturbs_nobody(): void
    {
        $this->serve(['REVERB_APPS_LOOKUPS_PER_SECOND' => '5']);
        $browser = (new WebSocket($this->server->port(), 'first-key'))->subscribe('news');

        $codes = [];
        foreach (range(1, 20) as $round) {
            $newcomers = array_map(fn ($number) => new Newcomer($this->server->port(), "random-{$round}-{$number}"), range(1, 20));
            $this->assertTrue($this->publishes('1', 'first-key', 'first-secret'));
            $browser->expect('posted');
            array_push($codes, ...array_map(fn (Newcomer $newcomer) => $newcomer->refusal(), $newcomers));
        }

        $this->assertSame([4001, 4100], array_values(array_intersect([4001, 4100], array_unique($codes))));
        $this->assertSame([], array_diff($codes, [4001, 4100]));
        $this->server->waitFor('/told to come\s+again: .*lookups_per_second/s');
    }

    public function test_thousands_of_unknown_keys_while_the_provider_hangs_take_neither_memory_nor_the_server(): void
    {
        $lock = fopen($path = $this->temporaryPath('lookups'), 'c');
        flock($lock, LOCK_EX);
        $this->serve(['LOOKUP_LOCK' => $path, 'REVERB_APPS_LOOKUP_TIMEOUT' => '1']);
        $browser = (new WebSocket($this->server->port(), 'first-key'))->subscribe('news');
        $before = $this->memory();

        foreach (range(1, 20) as $round) {
            $newcomers = array_map(fn ($number) => new Newcomer($this->server->port(), "random-{$round}-{$number}"), range(1, 200));
            $this->assertTrue($this->publishes('1', 'first-key', 'first-secret'));
            $browser->expect('posted');
            (new WebSocket($this->server->port(), 'first-key'))->leave();
            $this->assertSame([4100], array_values(array_unique(array_map(fn (Newcomer $newcomer) => $newcomer->refusal(), $newcomers))));
        }

        $this->server->waitForError('/The provider hangs/');
        $this->assertLessThan(16 * 1024, $this->memory() - $before, 'KiB that four thousand strangers have left behind');

        flock($lock, LOCK_UN);
        $this->insert('2', 'later-key', 'later-secret');
        $this->eventually(fn () => (new Newcomer($this->server->port(), 'later-key'))->refusal() === null);
    }

    public function test_a_listener_that_takes_its_time_delays_questions_and_nothing_else(): void
    {
        $lock = fopen($path = $this->temporaryPath('lock'), 'c');
        flock($lock, LOCK_EX);
        $this->serve(['LISTENER_LOCK' => $path]);
        $this->insert('2', 'later-key', 'later-secret');

        (new WebSocket($this->server->port(), 'first-key'))->subscribe('slow');
        $this->server->waitForError('/The listener waits/');
        $newcomer = new Newcomer($this->server->port(), 'later-key');
        $browser = (new WebSocket($this->server->port(), 'first-key'))->subscribe('news');
        $this->assertTrue($this->publishes('1', 'first-key', 'first-secret'));
        $browser->expect('posted');

        flock($lock, LOCK_UN);
        $this->assertNull($newcomer->refusal());
    }

    public function test_what_listeners_cannot_keep_up_with_is_dropped_and_counted(): void
    {
        $lock = fopen($path = $this->temporaryPath('lock'), 'c');
        flock($lock, LOCK_EX);
        $this->serve(['LISTENER_LOCK' => $path, 'LISTEN_TO_MESSAGES' => '1']);
        (new WebSocket($this->server->port(), 'first-key'))->subscribe('slow');
        $this->server->waitForError('/The listener waits/');

        $browser = new WebSocket($this->server->port(), 'first-key');
        foreach (range(1, 51) as $round) {
            array_map(fn () => $browser->send('pusher:ping', (object) []), range(1, 100));
            array_map(fn () => $browser->expect('pusher:pong'), range(1, 100));
        }

        flock($lock, LOCK_UN);
        // Ten thousand events take their time on a busy machine...
        $this->server->allow(240)->waitFor('/WARN  \d+ notices for listeners and --debug were\s+dropped/');
        $browser->expectNothing();
    }

    #[TestWith(['endless'])]
    #[TestWith(['endless-end'])]
    public function test_a_listener_that_never_ends_does_not_keep_the_server_from_ending(string $channel): void
    {
        $this->serve();
        $browser = (new WebSocket($this->server->port(), 'first-key'))->subscribe($channel);

        if ($channel === 'endless') {
            $this->server->waitForError('/The listener never ends/');
        }

        $this->server->signal(SIGTERM);
        $this->assertSame(4100, $browser->expect('pusher:error')['code']);
        $browser->expectEnd();

        $this->assertSame(1, $this->server->wait(), $this->server->output());
        $this->assertStringContainsString(
            'WARN  A listener did not end within 5 seconds: the server ends without it.', $this->server->output()
        );
    }

    public function test_a_wrong_number_is_named_before_the_start(): void
    {
        $server = $this->startWithoutWaiting(['REVERB_APPS_CACHE_TTL' => '0']);

        $this->assertSame(1, $server->wait());
        $this->assertStringContainsString('[reverb.apps.cache_ttl] must be an integer from 1 to 86400, not "0".', preg_replace('/\s+/', ' ', $server->output()));
    }

    private function createTable(): void
    {
        $this->database->exec('CREATE TABLE applications (id TEXT PRIMARY KEY, key TEXT, secret TEXT)');
    }

    private function insert(string $id, string $key, string $secret): void
    {
        $this->database->prepare('INSERT INTO applications VALUES (?, ?, ?)')->execute([$id, $key, $secret]);
    }

    private function serve(array $environment = []): void
    {
        $this->server = $this->startWithoutWaiting($environment);
        $this->server->port();
    }

    private function startWithoutWaiting(array $environment = []): Artisan
    {
        return $this->start(['reverb:start', '--host=127.0.0.1', '--port=0'], $environment + [
            'REVERB_SERVER_SOCKET' => $this->temporaryPath('reverb.sock'),
            'DB_DATABASE' => $this->temporaryPath('applications.sqlite'),
            'LISTENER_LOCK' => $this->temporaryPath('lock'),
            'REVERB_APPS_CACHE_TTL' => '1',
            'REVERB_APPS_UNKNOWN_TTL' => '1',
            // On a busy machine PHP may take longer than the 3 seconds that visitors wait...
            'REVERB_APPS_LOOKUP_TIMEOUT' => '60',
        ], __DIR__.'/Support/database');
    }

    /**
     * Get the memory of the server, in KiB.
     */
    private function memory(): int
    {
        preg_match('/^VmRSS:\s+(\d+)/m', file_get_contents("/proc/{$this->server->pid()}/status"), $match);

        return (int) $match[1];
    }

    private function publisher(string $id, string $key, string $secret, string $way = 'socket'): Publisher
    {
        return new Publisher(['app_id' => $id, 'key' => $key, 'secret' => $secret, 'timeout' => 60_000] + ($way === 'socket'
            ? ['socket' => $this->temporaryPath('reverb.sock')]
            : ['host' => '127.0.0.1', 'port' => $this->server->port(), 'scheme' => 'http']));
    }

    private function publishes(string $id, string $key, string $secret): bool
    {
        try {
            $this->publisher($id, $key, $secret)->publish(['news'], 'posted', '1');
        } catch (PublishException) {
            return false;
        }

        return true;
    }

    private function eventually(Closure $condition): void
    {
        $deadline = hrtime(true) + 60_000_000_000;

        while (! $condition()) {
            hrtime(true) < $deadline || $this->fail('It did not come to be.');
        }
    }
}
