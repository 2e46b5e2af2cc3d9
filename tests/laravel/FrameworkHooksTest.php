<?php

namespace Laravel\Reverb\Tests\Laravel;

use Composer\InstalledVersions;
use Illuminate\Contracts\Console\Kernel;
use Illuminate\Foundation\Console\BroadcastingInstallCommand;
use Illuminate\Foundation\DevCommands;
use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\Cache;
use Illuminate\Support\ServiceProvider;
use Laravel\Reverb\Reverb;

/**
 * The framework's own commands that know Reverb. Laravel 10 has none of them, and must not be troubled.
 */
class FrameworkHooksTest extends TestCase
{
    protected function setUp(): void
    {
        parent::setUp();

        $this->withoutMockingConsoleOutput();
    }

    public function test_reload_restarts_the_server(): void
    {
        if (! method_exists(ServiceProvider::class, 'reloads')) {
            $this->assertArrayNotHasKey('reload', $this->commands());

            return;
        }

        foreach (['--except=reverb' => false, '--except=reverb:restart' => false, '--no-ansi' => true] as $option => $restarts) {
            Cache::forget('laravel:reverb:restart');
            Artisan::call("reload {$option}");

            $this->assertSame($restarts, Cache::has('laravel:reverb:restart'));
            $this->assertSame($restarts, str_contains(Artisan::output(), 'reverb ...'));
        }
    }

    public function test_dev_starts_the_server(): void
    {
        Reverb::registerDevCommands();

        if (! class_exists(DevCommands::class)) {
            $this->assertArrayNotHasKey('dev', $this->commands());

            return;
        }

        $commands = array_column(DevCommands::commands(), 'command', 'name');
        $this->assertSame('php artisan reverb:start', $commands['reverb']);
    }

    public function test_install_broadcasting_takes_this_for_reverb(): void
    {
        $this->assertTrue(InstalledVersions::isInstalled('laravel/reverb'));

        if (! class_exists(BroadcastingInstallCommand::class)) {
            $this->assertArrayNotHasKey('install:broadcasting', $this->commands());

            return;
        }

        $this->app->setBasePath($folder = $this->temporaryPath('app'));

        foreach (['', '/config', '/routes', '/bootstrap', '/resources/js'] as $name) {
            mkdir($folder.$name, recursive: true);
        }

        file_put_contents("{$folder}/.env", "BROADCAST_CONNECTION=log\n");
        copy(getenv('REVERB_TEST_APP').'/bootstrap/app.php', "{$folder}/bootstrap/app.php");

        // Composer is not there to be asked, so that asking it would be an error...
        $status = $this->artisan('install:broadcasting', ['--reverb' => true, '--without-node' => true, '--no-interaction' => true]);

        $this->assertSame(0, $status, $output = Artisan::output());
        $this->assertStringNotContainsString('Laravel Reverb?', $output);
        $this->assertStringContainsString('BROADCAST_CONNECTION=reverb', file_get_contents("{$folder}/.env"));
        $this->assertFileExists("{$folder}/routes/channels.php");
    }

    public function test_about_tells_what_is_installed_and_where_the_server_listens(): void
    {
        config(['reverb.servers.reverb' => ['host' => '127.0.0.1', 'port' => 8080, 'path' => '/ws', 'socket' => '/run/reverb.sock']]);
        Artisan::call('about --only=reverb');
        $output = Artisan::output();

        foreach (['Package' => '0\.1\.0', 'Extension' => preg_quote(phpversion('reverb')), 'Server' => '127\.0\.0\.1:8080\/ws', 'Socket' => '\/run\/reverb\.sock'] as $name => $value) {
            $this->assertMatchesRegularExpression("/^ *{$name} \.+ {$value} *$/m", $output);
        }
    }

    public function test_about_tells_that_the_extension_is_missing(): void
    {
        $about = $this->start(['about', '--only=reverb'], ['PHP_INI_SCAN_DIR' => false, 'REVERB_SERVER_SOCKET' => '']);

        $this->assertSame(0, $about->wait(), $about->output());
        $this->assertMatchesRegularExpression('/Extension \.+ NOT LOADED$/m', $about->output());
        $this->assertMatchesRegularExpression('/Socket \.+ OFF$/m', $about->output());
    }

    /**
     * @return array<string, \Symfony\Component\Console\Command\Command>
     */
    private function commands(): array
    {
        return $this->app->make(Kernel::class)->all();
    }
}
