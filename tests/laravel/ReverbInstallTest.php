<?php

namespace Laravel\Reverb\Tests\Laravel;

use Illuminate\Filesystem\Filesystem;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Console\BroadcastingInstallCommand;

/**
 * reverb:install as a process, in a copy of the application that each test changes first.
 */
class ReverbInstallTest extends TestCase
{
    private const BROADCASTING = "<?php\n\nreturn [\n\n    'default' => env('BROADCAST_DRIVER', 'null'),\n\n    'connections' => [\n\n        'log' => [\n            'driver' => 'log',\n        ],\n\n    ],\n\n];\n";

    private Filesystem $files;

    private string $folder;

    protected function setUp(): void
    {
        parent::setUp();

        $this->files = new Filesystem;
        $this->folder = $this->temporaryPath('app');

        foreach (['app', 'bootstrap', 'config', 'routes', 'resources'] as $folder) {
            $this->files->copyDirectory(getenv('REVERB_TEST_APP')."/{$folder}", "{$this->folder}/{$folder}");
        }

        foreach (['framework/cache', 'framework/views', 'logs'] as $folder) {
            $this->files->makeDirectory("{$this->folder}/storage/{$folder}", recursive: true);
        }

        $this->files->copy(getenv('REVERB_TEST_APP').'/artisan', "{$this->folder}/artisan");
        $this->files->link(getenv('REVERB_TEST_APP').'/vendor', "{$this->folder}/vendor");
        $this->files->delete("{$this->folder}/config/reverb.php");
        $this->write('.env', "APP_KEY=base64:y7ozjjL4jZgx2T606dZVC6ChpT115PAgkIKXIvsVKHs=\nBROADCAST_DRIVER=log\n");
    }

    public function test_an_application_is_ready_after_it(): void
    {
        $this->install();

        $this->assertMatchesRegularExpression(<<<'PATTERN'
            /\AAPP_KEY=\S+
            BROADCAST_DRIVER=reverb

            REVERB_APP_ID=[1-9]\d{5}
            REVERB_APP_KEY=[a-z0-9]{20}
            REVERB_APP_SECRET=[a-z0-9]{20}
            REVERB_HOST="localhost"
            REVERB_PORT=8080
            REVERB_SCHEME=http

            VITE_REVERB_APP_KEY="\$\{REVERB_APP_KEY\}"
            VITE_REVERB_HOST="\$\{REVERB_HOST\}"
            VITE_REVERB_PORT="\$\{REVERB_PORT\}"
            VITE_REVERB_SCHEME="\$\{REVERB_SCHEME\}"
            \z/
            PATTERN, $this->read('.env'));
        $this->assertFileEquals(__DIR__.'/../../php/config/reverb.php', "{$this->folder}/config/reverb.php");
    }

    public function test_a_second_run_changes_nothing(): void
    {
        $this->write('config/broadcasting.php', self::BROADCASTING);
        $this->install();
        $before = [$this->read('.env'), $this->read('config/broadcasting.php')];

        $this->write('config/reverb.php', $reverb = "<?php\n\nreturn ".var_export(config('reverb'), true).";\n");
        $this->install();

        $this->assertSame($before, [$this->read('.env'), $this->read('config/broadcasting.php')]);
        $this->assertSame($reverb, $this->read('config/reverb.php'));
    }

    public function test_an_application_gets_its_connection(): void
    {
        $this->leaveFrameworkConfigurationOut();
        $this->write('config/broadcasting.php', str_replace("\n", "\r\n", self::BROADCASTING));
        $this->install();

        $connections = (fn () => require "{$this->folder}/config/broadcasting.php")()['connections'];
        $this->assertSame(['reverb', 'log'], array_keys($connections));
        $this->assertSame('reverb', $connections['reverb']['driver']);
    }

    public function test_the_frameworks_own_connection_is_enough(): void
    {
        $this->write('config/broadcasting.php', self::BROADCASTING);
        $this->install();

        $show = $this->start(['config:show', 'broadcasting.connections.reverb.driver'], folder: $this->folder);
        $this->assertSame(0, $show->wait(), $show->output());
        $this->assertMatchesRegularExpression('/driver\b.*\breverb$/', $show->output());
        $this->assertSame(self::mergesConfiguration(), $this->read('config/broadcasting.php') === self::BROADCASTING);
    }

    public function test_a_configuration_it_cannot_read_is_left_alone_and_named(): void
    {
        $this->leaveFrameworkConfigurationOut();
        $this->write('config/broadcasting.php', $odd = "<?php\n\nreturn array('default' => 'log', 'connections' => array('log' => array('driver' => 'log')));\n");

        $this->assertStringContainsString(
            'WARN  No "connections" array was found in config/broadcasting.php: add a connection with the driver "reverb" by hand.',
            $this->install()
        );
        $this->assertSame($odd, $this->read('config/broadcasting.php'));
    }

    public function test_a_laravel_10_application_gets_its_broadcasting_enabled(): void
    {
        $this->write('config/app.php', str_replace(
            'App\\Providers\\AppServiceProvider::class,',
            "App\\Providers\\AppServiceProvider::class,\n        // App\\Providers\\BroadcastServiceProvider::class,",
            $this->read('config/app.php')
        ));
        $this->install();

        $this->assertStringContainsString("\n        App\\Providers\\BroadcastServiceProvider::class,", $this->read('config/app.php'));
    }

    public function test_an_application_without_a_driver_variable_gets_the_one_it_reads(): void
    {
        $this->write('.env', "APP_KEY=base64:y7ozjjL4jZgx2T606dZVC6ChpT115PAgkIKXIvsVKHs=\n");
        $this->write('config/broadcasting.php', self::BROADCASTING);
        $this->install();

        $this->assertStringEndsWith("\n\nBROADCAST_DRIVER=reverb\n", $this->read('.env'));
    }

    public function test_credentials_that_are_empty_are_filled(): void
    {
        $this->write('.env', $this->read('.env')."REVERB_APP_ID=\nREVERB_APP_KEY=\"\"\nREVERB_APP_SECRET=kept\nREVERB_HOST=\n");
        $this->install();

        $this->assertMatchesRegularExpression(
            '/^REVERB_APP_ID=[1-9]\d{5}\nREVERB_APP_KEY=[a-z0-9]{20}\nREVERB_APP_SECRET=kept\nREVERB_HOST=\n\nREVERB_PORT=8080\n/m', $this->read('.env')
        );
    }

    public function test_an_application_without_an_environment_file_is_installed_too(): void
    {
        $this->files->delete("{$this->folder}/.env");
        $this->install();

        $this->assertFileDoesNotExist("{$this->folder}/.env");
        $this->assertFileExists("{$this->folder}/config/reverb.php");
    }

    public function test_the_framework_takes_this_for_reverb_and_adds_the_channels(): void
    {
        // Laravel 10 has no installer for them: there, every application begins with the file...
        if (class_exists(BroadcastingInstallCommand::class)) {
            $this->files->delete("{$this->folder}/routes/channels.php");
        }

        $this->install();

        $this->assertFileExists("{$this->folder}/routes/channels.php");
    }

    /**
     * Determine whether the framework completes the application's configuration, as Laravel 11 and later do.
     */
    private static function mergesConfiguration(): bool
    {
        return method_exists(Application::class, 'dontMergeFrameworkConfiguration');
    }

    /**
     * Let the application's configuration be all there is, as it is in Laravel 10.
     */
    private function leaveFrameworkConfigurationOut(): void
    {
        if (! self::mergesConfiguration()) {
            return;
        }

        $this->files->move("{$this->folder}/bootstrap/app.php", "{$this->folder}/bootstrap/merging.php");
        $this->write('bootstrap/app.php', "<?php\n\nreturn (require __DIR__.'/merging.php')->dontMergeFrameworkConfiguration();\n");
    }

    private function install(): string
    {
        $installer = $this->start(['reverb:install'], array_fill_keys([
            'BROADCAST_DRIVER', 'REVERB_APP_ID', 'REVERB_APP_KEY', 'REVERB_APP_SECRET', 'REVERB_HOST', 'REVERB_PORT', 'REVERB_SCHEME',
        ], false), $this->folder);

        $this->assertSame(0, $installer->wait(), $installer->output());
        $this->assertStringEndsWith('INFO  Reverb installed successfully.', $installer->output());

        return $installer->output();
    }

    private function read(string $name): string
    {
        return $this->files->get("{$this->folder}/{$name}");
    }

    private function write(string $name, string $content): void
    {
        $this->files->put("{$this->folder}/{$name}", $content);
    }
}
