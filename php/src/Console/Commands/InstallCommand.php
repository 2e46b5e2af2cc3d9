<?php

namespace Laravel\Reverb\Console\Commands;

use Illuminate\Console\Command;
use Illuminate\Filesystem\Filesystem;
use Illuminate\Support\Str;
use Laravel\Reverb\Console\BroadcastingConfiguration;
use Laravel\Reverb\Console\EnvironmentFile;
use Laravel\Reverb\ReverbServiceProvider;
use Symfony\Component\Console\Attribute\AsCommand;

use function Laravel\Prompts\confirm;

#[AsCommand(name: 'reverb:install')]
class InstallCommand extends Command
{
    /**
     * The name and signature of the console command.
     *
     * @var string
     */
    protected $signature = 'reverb:install';

    /**
     * The console command description.
     *
     * @var string
     */
    protected $description = 'Install the Reverb dependencies';

    /**
     * Execute the console command.
     */
    public function handle(Filesystem $files): void
    {
        $this->addEnvironmentVariables($files);
        $this->publishConfiguration();
        $this->addBroadcastingConnection($files);
        $this->enableBroadcasting($files);
        $this->enableDriver($files);

        $this->components->info('Reverb installed successfully.');
    }

    /**
     * Add the missing variables to the environment file, and the credentials where their variables are empty.
     */
    protected function addEnvironmentVariables(Filesystem $files): void
    {
        $credentials = [
            'REVERB_APP_ID' => (string) random_int(100_000, 999_999),
            'REVERB_APP_KEY' => Str::lower(Str::random(20)),
            'REVERB_APP_SECRET' => Str::lower(Str::random(20)),
        ];

        $this->changeEnvironment($files, fn (EnvironmentFile $environment) => $environment->fill($credentials)->append([
            [
                ...$credentials,
                'REVERB_HOST' => '"localhost"',
                'REVERB_PORT' => '8080',
                'REVERB_SCHEME' => 'http',
            ],
            [
                'VITE_REVERB_APP_KEY' => '"${REVERB_APP_KEY}"',
                'VITE_REVERB_HOST' => '"${REVERB_HOST}"',
                'VITE_REVERB_PORT' => '"${REVERB_PORT}"',
                'VITE_REVERB_SCHEME' => '"${REVERB_SCHEME}"',
            ],
        ]));
    }

    /**
     * Publish the configuration file; one that is there stays.
     */
    protected function publishConfiguration(): void
    {
        $this->callSilently('vendor:publish', [
            '--provider' => ReverbServiceProvider::class,
            '--tag' => 'reverb-config',
        ]);
    }

    /**
     * Add the "reverb" connection to the broadcasting configuration of an application that lacks it.
     */
    protected function addBroadcastingConnection(Filesystem $files): void
    {
        $path = $this->laravel->configPath('broadcasting.php');

        if ($this->laravel['config']->has('broadcasting.connections.reverb') || ! $files->exists($path)) {
            return;
        }

        $configuration = new BroadcastingConfiguration($files->get($path));

        if ($configuration->hasConnection()) {
            return;
        }

        if (($content = $configuration->withConnection()) === null) {
            $this->components->warn('No "connections" array was found in config/broadcasting.php: add a connection with the driver "reverb" by hand.');

            return;
        }

        $files->put($path, $content);
    }

    /**
     * Enable event broadcasting in an application that has not done so.
     */
    protected function enableBroadcasting(Filesystem $files): void
    {
        $this->uncommentBroadcastServiceProvider($files);

        if ($files->exists($this->laravel->basePath('routes/channels.php'))) {
            return;
        }

        if (! confirm('Would you like to enable event broadcasting?', default: true)) {
            return;
        }

        if ($this->getApplication()->has('install:broadcasting')) {
            $this->installBroadcasting();
        }
    }

    /**
     * Enable the provider that a Laravel 10 application has commented out.
     */
    protected function uncommentBroadcastServiceProvider(Filesystem $files): void
    {
        $path = $this->laravel->configPath('app.php');

        if (! $files->exists($path)) {
            return;
        }

        $content = $files->get($path);
        $changed = preg_replace('#^([ \t]*)//[ \t]*(\\\\?App\\\\Providers\\\\BroadcastServiceProvider::class)#m', '$1$2', $content);

        if ($changed !== $content) {
            $files->put($path, $changed);
        }
    }

    /**
     * Run the framework's own installer, telling it all it would ask.
     */
    protected function installBroadcasting(): void
    {
        $definition = $this->getApplication()->find('install:broadcasting')->getDefinition();

        $options = collect(['--reverb', '--without-node'])
            ->filter(fn ($option) => $definition->hasOption(ltrim($option, '-')))
            ->mapWithKeys(fn ($option) => [$option => true]);

        $status = $this->call('install:broadcasting', ['--no-interaction' => true, ...$options]);

        if ($status !== self::SUCCESS) {
            $this->components->warn('"php artisan install:broadcasting" failed: run it by hand.');
        } elseif ($options->has('--without-node')) {
            $this->components->info('For the browser: npm install --save-dev laravel-echo pusher-js');
        }
    }

    /**
     * Make Reverb the driver that events are broadcast with.
     */
    protected function enableDriver(Filesystem $files): void
    {
        if (! confirm('Would you like to enable the Reverb broadcasting driver?', default: true)) {
            return;
        }

        $this->changeEnvironment($files, function (EnvironmentFile $environment) use ($files) {
            $present = array_filter(['BROADCAST_DRIVER', 'BROADCAST_CONNECTION'], $environment->has(...));

            foreach ($present as $variable) {
                $environment->replace($variable, 'reverb');
            }

            return $present ? $environment : $environment->append([[$this->driverVariable($files) => 'reverb']]);
        });
    }

    /**
     * Get the environment variable that the application reads its broadcasting driver from.
     */
    protected function driverVariable(Filesystem $files): string
    {
        $path = $this->laravel->configPath('broadcasting.php');

        return (new BroadcastingConfiguration($files->exists($path) ? $files->get($path) : ''))->variable();
    }

    /**
     * Change the environment file, if there is one.
     *
     * @param  callable(\Laravel\Reverb\Console\EnvironmentFile): \Laravel\Reverb\Console\EnvironmentFile  $change
     */
    protected function changeEnvironment(Filesystem $files, callable $change): void
    {
        $path = $this->laravel->environmentFilePath();

        if (! $files->exists($path)) {
            return;
        }

        $content = $files->get($path);
        $changed = $change(new EnvironmentFile($content))->content();

        if ($changed !== $content) {
            $files->put($path, $changed);
        }
    }
}
