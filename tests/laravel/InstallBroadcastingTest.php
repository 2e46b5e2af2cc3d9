<?php

namespace Laravel\Reverb\Tests\Laravel;

use Illuminate\Support\Facades\Artisan;

/**
 * reverb:install on Laravel 11 and later, whose command install:broadcasting is played here.
 */
class InstallBroadcastingTest extends TestCase
{
    protected function setUp(): void
    {
        parent::setUp();

        mkdir($folder = $this->temporaryPath('app'));
        $this->app->setBasePath($folder);
        file_put_contents("{$folder}/.env", "BROADCAST_CONNECTION=\"log\"\n");
        $this->withoutMockingConsoleOutput();
    }

    public function test_d19_the_frameworks_installer_is_told_all_it_would_ask(): void
    {
        $asked = [];
        $this->frameworkHas('install:broadcasting {--force} {--reverb} {--without-node}', function (array $options) use (&$asked) {
            $asked[] = array_keys(array_filter($options));

            return 0;
        });

        $output = $this->install();

        $this->assertSame([['reverb', 'without-node', 'no-interaction']], $asked);
        $this->assertStringContainsString('INFO  For the browser: npm install --save-dev laravel-echo pusher-js.', $output);
        $this->assertStringContainsString('BROADCAST_CONNECTION=reverb', file_get_contents(base_path('.env')));
    }

    public function test_options_that_a_framework_does_not_have_are_left_out(): void
    {
        $asked = [];
        $this->frameworkHas('install:broadcasting {--without-reverb}', function (array $options) use (&$asked) {
            $asked[] = array_keys(array_filter($options));

            return 0;
        });

        $this->install();

        $this->assertSame([['no-interaction']], $asked);
    }

    public function test_an_installer_that_fails_does_not_stop_this_one(): void
    {
        $this->frameworkHas('install:broadcasting {--reverb}', fn () => 1);

        $output = $this->install();

        $this->assertStringContainsString('WARN  "php artisan install:broadcasting" failed: run it by hand.', $output);
        $this->assertStringContainsString('INFO  Reverb installed successfully.', $output);
    }

    public function test_it_is_not_called_where_channels_are_defined(): void
    {
        mkdir(base_path('routes'));
        touch(base_path('routes/channels.php'));
        $this->frameworkHas('install:broadcasting', fn () => $this->fail('It was called.'));

        $this->assertStringContainsString('INFO  Reverb installed successfully.', $this->install());
    }

    /**
     * @param  callable(array<string, mixed>): int  $answer
     */
    private function frameworkHas(string $signature, callable $answer): void
    {
        Artisan::command($signature, function () use ($answer) {
            return $answer($this->options());
        });
    }

    private function install(): string
    {
        $status = $this->artisan('reverb:install', ['--no-interaction' => true]);
        $output = Artisan::output();
        $this->assertSame(0, $status, $output);

        return $output;
    }
}
