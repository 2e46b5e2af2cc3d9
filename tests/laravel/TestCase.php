<?php

namespace Laravel\Reverb\Tests\Laravel;

use Illuminate\Contracts\Console\Kernel;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Bootstrap\HandleExceptions;
use Illuminate\Foundation\Testing\TestCase as LaravelTestCase;
use Laravel\Reverb\Tests\Laravel\Support\Artisan;

abstract class TestCase extends LaravelTestCase
{
    /**
     * The processes that end with the test.
     *
     * @var list<\Laravel\Reverb\Tests\Laravel\Support\Artisan>
     */
    private array $processes = [];

    /**
     * The folder for this test's files, once it is there.
     */
    private ?string $temporary = null;

    public function createApplication(): Application
    {
        $app = require getenv('REVERB_TEST_APP').'/bootstrap/app.php';
        $app->make(Kernel::class)->bootstrap();

        return $app;
    }

    protected function tearDown(): void
    {
        foreach ($this->processes as $process) {
            $process->kill();
        }

        parent::tearDown();

        // Laravel 10 leaves its handlers behind, which PHPUnit takes for a mistake of the test...
        if (! method_exists(HandleExceptions::class, 'flushState')) {
            restore_error_handler();
            restore_exception_handler();
        }
    }

    /**
     * Start an Artisan command in a process of its own.
     *
     * @param  list<string>  $arguments
     * @param  array<string, string|false>  $environment
     * @param  list<string>  $launcher
     */
    protected function start(array $arguments, array $environment = [], ?string $folder = null, array $launcher = []): Artisan
    {
        return $this->processes[] = new Artisan($arguments, $environment, $folder ?? getenv('REVERB_TEST_APP'), $launcher);
    }

    /**
     * Start a server on a port and a socket of its own, and wait until it says where.
     *
     * @param  list<string>  $arguments
     * @param  array<string, string|false>  $environment
     * @param  list<string>  $launcher
     */
    protected function startServer(array $arguments = [], array $environment = [], array $launcher = []): Artisan
    {
        $server = $this->start(['reverb:start', '--host=127.0.0.1', '--port=0', ...$arguments], $environment + [
            'REVERB_SERVER_SOCKET' => $this->temporaryPath('reverb.sock'),
        ], launcher: $launcher);

        $server->waitFor('/Starting (?:secure )?server on [^:]+:(\d+)/');

        return $server;
    }

    /**
     * Get a path in a folder that only this test uses.
     */
    protected function temporaryPath(string $name): string
    {
        if ($this->temporary === null) {
            mkdir($folder = $this->temporary = sys_get_temp_dir().'/reverb-test-'.bin2hex(random_bytes(6)));
            register_shutdown_function(fn () => exec('rm -rf '.escapeshellarg($folder)));
        }

        return "{$this->temporary}/{$name}";
    }
}
