<?php

namespace Laravel\Reverb\Tests\Unit;

use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Support\Collection;
use Laravel\Reverb\Application;
use Laravel\Reverb\Contracts\ApplicationProvider;
use Laravel\Reverb\Exceptions\InvalidApplication;
use Laravel\Reverb\Loggers\NullLogger;
use Laravel\Reverb\Servers\Reverb\ApplicationLookup;
use Laravel\Reverb\Tests\Unit\Fakes\FakeServer;
use PHPUnit\Framework\TestCase;
use RuntimeException;
use Throwable;

class ApplicationLookupTest extends TestCase
{
    private FakeServer $server;

    /**
     * @var list<string>
     */
    private array $found = [];

    /**
     * @var list<string>
     */
    private array $reported = [];

    protected function setUp(): void
    {
        $this->server = new FakeServer;
    }

    public function test_an_application_is_found_by_its_key_and_by_its_id(): void
    {
        $this->server->questions = [['by' => 'key', 'name' => 'k'], ['by' => 'id', 'name' => '1']];
        $lookup = $this->lookup(fn () => new Application('1', 'k', 's', 60, 30, ['*'], 10_000));

        $this->assertSame([true, true, false], [$lookup->next($this->server), $lookup->next($this->server), $lookup->next($this->server)]);
        $this->assertSame([['answer', 'key', 'k'], ['answer', 'id', '1']], array_map(fn ($call) => array_slice($call, 0, 3), $this->server->calls));
        $this->assertSame(['s', 60, false], [$this->server->calls[0][3]['secret'], $this->server->calls[0][3]['ping_interval'], $this->server->calls[0][3]['subscription_count']]);
        $this->assertSame(['1', '1'], $this->found);
    }

    public function test_one_that_there_is_not_is_null(): void
    {
        $this->ask(fn () => throw new InvalidApplication);

        $this->assertSame([['answer', 'key', 'k', null]], $this->server->calls);
        $this->assertSame([[], []], [$this->found, $this->reported]);
    }

    public function test_another_application_than_was_asked_for_is_null(): void
    {
        $this->ask(fn () => new Application('1', 'K', 's', 60, 30, ['*'], 10_000));

        $this->assertSame([['answer', 'key', 'k', null]], $this->server->calls);
        $this->assertSame([], $this->found);
    }

    public function test_a_failure_is_no_answer_and_is_reported_once_a_minute(): void
    {
        $this->server->questions = [['by' => 'key', 'name' => 'a'], ['by' => 'key', 'name' => 'b']];
        $lookup = $this->lookup(fn (string $name) => throw new RuntimeException("The database is down, and has no {$name}"));

        $this->assertSame([true, true], [$lookup->next($this->server), $lookup->next($this->server)]);
        $this->assertSame([['unanswered', 'key', 'a'], ['unanswered', 'key', 'b']], $this->server->calls);
        $this->assertSame(['The database is down, and has no a'], $this->reported);
    }

    public function test_an_application_with_a_wrong_value_is_reported_with_its_name(): void
    {
        $this->ask(fn () => new Application('7', 'k', 's', 60, 30, ['*'], 10_000, limits: ['presence_members' => 'many']));

        $this->assertSame([['unanswered', 'key', 'k']], $this->server->calls);
        $this->assertStringContainsString('[application 7.limits.presence_members] must be an integer', $this->reported[0]);
    }

    public function test_an_application_that_the_server_does_not_take_is_reported(): void
    {
        $this->server->refusal = new RuntimeException('ping_interval is 0');
        $this->ask(fn () => new Application('1', 'k', 's', 0, 30, ['*'], 10_000));

        $this->assertSame([['unanswered', 'key', 'k']], $this->server->calls);
        $this->assertSame(['ping_interval is 0'], $this->reported);
    }

    private function ask(callable $provide): void
    {
        $this->server->questions = [['by' => 'key', 'name' => 'k']];
        $this->lookup($provide)->next($this->server);
    }

    private function lookup(callable $provide): ApplicationLookup
    {
        $exceptions = $this->createStub(ExceptionHandler::class);
        $exceptions->method('report')->willReturnCallback(fn (Throwable $e) => $this->reported[] = $e->getMessage());

        return new ApplicationLookup($this->provider($provide), $exceptions, new NullLogger, function (Application $application) {
            $this->found[] = $application->id();
        });
    }

    private function provider(callable $provide): ApplicationProvider
    {
        return new class($provide(...)) implements ApplicationProvider
        {
            public function __construct(private \Closure $provide)
            {
                //
            }

            public function all(): Collection
            {
                return new Collection;
            }

            public function findById(string $id): Application
            {
                return ($this->provide)($id);
            }

            public function findByKey(string $key): Application
            {
                return ($this->provide)($key);
            }
        };
    }
}
