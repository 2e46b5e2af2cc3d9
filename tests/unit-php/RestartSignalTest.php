<?php

namespace Laravel\Reverb\Tests\Unit;

use Illuminate\Cache\ArrayStore;
use Illuminate\Cache\Repository;
use Laravel\Reverb\Servers\Reverb\RestartSignal;
use PHPUnit\Framework\TestCase;
use RuntimeException;

class RestartSignalTest extends TestCase
{
    private array $warnings = [];

    private ArrayStore $store;

    private RestartSignal $restart;

    protected function setUp(): void
    {
        $this->store = new ArrayStore;
        $this->restart = new RestartSignal(new Repository($this->store), 0);
    }

    public function test_a_restart_is_a_time_kept_for_ever_under_reverbs_key(): void
    {
        $before = time();
        $this->restart->send();

        $this->assertContains($this->store->get('laravel:reverb:restart'), range($before, time()));
    }

    public function test_a_restart_from_before_the_start_is_not_received(): void
    {
        $this->restart->send();

        $this->assertFalse($this->received());
        $this->assertFalse($this->received());
    }

    public function test_the_first_restart_ever_is_received(): void
    {
        $this->received();
        $this->restart->send();

        $this->assertTrue($this->received());
    }

    public function test_a_later_restart_is_received(): void
    {
        $this->store->forever('laravel:reverb:restart', 100);
        $this->received();
        $this->store->forever('laravel:reverb:restart', 101);

        $this->assertTrue($this->received());
    }

    public function test_d18_clearing_the_cache_restarts_nothing(): void
    {
        $this->store->forever('laravel:reverb:restart', 100);
        $this->received();
        $this->store->flush();

        $this->assertFalse($this->received());
        $this->assertFalse($this->received());
        $this->assertSame(['The restart key has gone from the cache; the server goes on and still watches it'], $this->warnings);

        $this->store->forever('laravel:reverb:restart', 101);
        $this->assertTrue($this->received());
    }

    public function test_d18_a_failing_cache_restarts_nothing_and_is_reported_once(): void
    {
        $this->failing(fn () => [$this->received(), $this->received()]);

        $this->assertSame(
            ['The cache cannot be read, so "reverb:restart" has no effect until it can: no such table: cache'],
            $this->warnings
        );
    }

    public function test_a_cache_that_fails_at_the_start_restarts_nothing_when_it_is_back(): void
    {
        $this->failing($this->received(...));
        $this->store->forever('laravel:reverb:restart', 100);

        $this->assertFalse($this->received());

        $this->store->forever('laravel:reverb:restart', 101);
        $this->assertTrue($this->received());
    }

    public function test_the_cache_is_left_alone_between_two_looks(): void
    {
        $this->restart = new RestartSignal(new Repository($this->store), PHP_INT_MAX);
        $this->received();
        $this->restart->send();

        $this->assertFalse($this->received());
    }

    private function received(): bool
    {
        return $this->restart->received(function (string $warning) {
            $this->warnings[] = $warning;
        });
    }

    /**
     * Run the callback while the cache fails.
     */
    private function failing(callable $callback): void
    {
        $store = new class extends ArrayStore
        {
            public ?ArrayStore $working = null;

            public function get($key): mixed
            {
                return $this->working ? $this->working->get($key) : throw new RuntimeException("no such table: cache\nSQL: …");
            }
        };

        $this->restart = new RestartSignal(new Repository($store), 0);
        $callback();
        $store->working = $this->store;
    }
}
