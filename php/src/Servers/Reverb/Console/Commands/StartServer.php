<?php

namespace Laravel\Reverb\Servers\Reverb\Console\Commands;

use Illuminate\Console\Command;
use Illuminate\Contracts\Config\Repository as Config;
use Illuminate\Support\Collection;
use Laravel\Reverb\ConfigApplicationProvider;
use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Contracts\ApplicationProvider;
use Laravel\Reverb\Contracts\Logger;
use Laravel\Reverb\Loggers\CliLogger;
use Laravel\Reverb\Loggers\GuardedLogger;
use Laravel\Reverb\Loggers\NullLogger;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Native\Contracts\NativeServer;
use Laravel\Reverb\Native\Extension;
use Laravel\Reverb\Servers\Reverb\ApplicationLookup;
use Laravel\Reverb\Servers\Reverb\EventRelay;
use Laravel\Reverb\Servers\Reverb\LookupConfiguration;
use Laravel\Reverb\Servers\Reverb\Monitors;
use Laravel\Reverb\Servers\Reverb\NoticeQueue;
use Laravel\Reverb\Servers\Reverb\RestartSignal;
use Laravel\Reverb\Servers\Reverb\ServerConfiguration;
use Laravel\Reverb\Servers\Reverb\TimeLimit;
use Laravel\Reverb\Servers\Reverb\UnusedBindings;
use RuntimeException;
use Symfony\Component\Console\Attribute\AsCommand;
use Symfony\Component\Console\Command\SignalableCommandInterface;
use Symfony\Component\Console\SignalRegistry\SignalRegistry;

#[AsCommand(name: 'reverb:start')]
class StartServer extends Command implements SignalableCommandInterface
{
    /**
     * The milliseconds to wait for notices at a time.
     */
    protected const POLL = 1_000;

    /**
     * The milliseconds that connections have to close when the server stops.
     */
    protected const GRACE = 5_000;

    /**
     * The seconds that a listener which is at work when the server is to stop may take to end.
     */
    protected const PATIENCE = 5;

    /**
     * The name and signature of the console command.
     *
     * @var string
     */
    protected $signature = 'reverb:start
                {--host= : The IP address the server should bind to}
                {--port= : The port the server should listen on}
                {--path= : The path the server should prefix to all routes}
                {--hostname= : The hostname the server is accessible from}
                {--debug : Indicates whether debug messages should be displayed in the terminal}';

    /**
     * The console command description.
     *
     * @var string
     */
    protected $description = 'Start the Reverb server';

    /**
     * Indicates whether a signal has asked the server to stop.
     */
    protected bool $stopping = false;

    /**
     * The server, as soon as it has started.
     */
    protected ?NativeServer $server = null;

    /**
     * The time that a listener may still take when the server is to stop.
     */
    protected ?TimeLimit $limit = null;

    /**
     * The way of the server's events to their listeners.
     */
    protected EventRelay $relay;

    /**
     * What watches the server.
     */
    protected Monitors $monitors;

    /**
     * The way of the server's questions to the application provider, unless that is a fixed list.
     */
    protected ?ApplicationLookup $lookup = null;

    /**
     * Execute the console command.
     */
    public function handle(Engine $engine, RestartSignal $restart, Monitors $monitors): int
    {
        $logger = $this->logger();
        $this->monitors = $monitors;
        $this->limit = new TimeLimit($this->giveUp(...));
        $restart->received($this->components->warn(...));

        try {
            $provider = $this->laravel->make(ApplicationProvider::class);
            $applications = $provider->all();
            $this->relay = $this->laravel->make(EventRelay::class, ['applications' => $applications]);
            $this->lookup = $this->lookup($provider);
            $configuration = $this->configuration($applications, $logger::class !== NullLogger::class);
            $monitors->schedule($configuration);
            $this->relay->attach($this->server = $server = $engine->startServer($configuration->toArray()));
        } catch (RuntimeException $e) {
            $this->components->error($e->getMessage());

            return self::FAILURE;
        }

        $port = $server->port();
        $this->components->info($this->banner($configuration, $port));
        array_map($this->components->warn(...), [...$configuration->warnings(), ...(new UnusedBindings($this->laravel))->warnings()]);

        $notices = new NoticeQueue($server);
        $logger = new GuardedLogger($logger, $this->components->warn(...));

        try {
            $this->serve($server, $notices, $logger, $restart);
        } finally {
            $this->limit->stop();
            $server->stop(self::GRACE);
        }

        $this->finish($server, $notices, $logger);

        if (! $this->stopping) {
            $this->components->info("Stopping server on {$configuration->host()}:{$port}");
        }

        return self::SUCCESS;
    }

    /**
     * Get the list of signals handled by the command.
     *
     * @return array<int, int>
     */
    public function getSubscribedSignals(): array
    {
        if (! SignalRegistry::isSupported()) {
            return [];
        }

        // Under "nohup" the server outlives its terminal, which a handler would undo...
        $hangUp = $this->laravel->make(Extension::class)->outlivesTerminal() ? [] : [SIGHUP];

        return [SIGINT, SIGTERM, SIGTSTP, ...$hangUp];
    }

    /**
     * Handle the given signal: the server is stopped as soon as it returns to its loop.
     */
    public function handleSignal(int $signal, int|false $previousExitCode = 0): int|false
    {
        if (! $this->stopping) {
            $this->stopping = true;
            $this->components->info('Gracefully terminating connections.');
            $this->limit?->start(self::PATIENCE);
        }

        return false;
    }

    /**
     * End the server without the listener that does not end.
     */
    protected function giveUp(): never
    {
        $this->components->warn('A listener did not end within '.self::PATIENCE.' seconds: the server ends without it.');
        $this->server?->stop(self::GRACE);

        exit(self::FAILURE);
    }

    /**
     * Pass on what the server has to say until it is asked to stop.
     */
    protected function serve(NativeServer $server, NoticeQueue $notices, Logger $logger, RestartSignal $restart): void
    {
        $timeout = self::POLL;

        while (! $this->stopping && ! $restart->received($this->components->warn(...))) {
            $this->report($notices->next($timeout), $logger);
            $this->monitors->round($server, $this->components->warn(...));
            $timeout = $this->lookup?->next($server) ? 0 : self::POLL;
        }
    }

    /**
     * Pass on what happened until the server had stopped, as far as the time allows.
     */
    protected function finish(NativeServer $server, NoticeQueue $notices, Logger $logger): void
    {
        $deadline = hrtime(true) + self::GRACE * 1_000_000;

        while (hrtime(true) < $deadline && $notice = $notices->next(0)) {
            $this->limit->start(self::PATIENCE);
            $this->report($notice, $logger);
            $this->limit->stop();
        }

        $this->monitors->finish($server, $this->components->warn(...));
    }

    /**
     * Report a notice of the server, if there is one.
     *
     * @param  array<string, mixed>|null  $notice
     */
    protected function report(?array $notice, Logger $logger): void
    {
        match ($notice['type'] ?? null) {
            null => null,
            'event' => $this->relay->dispatch($notice),
            'info' => $logger->info($notice['title'], $notice['message'] === '' ? null : $notice['message']),
            'message' => $logger->message($notice['message']),
            'error' => $logger->error($notice['message']),
            default => $this->components->warn($notice['message']),
        };
    }

    /**
     * Get the logger, which writes to this output if the command runs with --debug.
     */
    protected function logger(): Logger
    {
        if ($this->option('debug')) {
            $this->laravel->instance(Logger::class, new CliLogger($this->output));
        }

        return $this->laravel->make(Logger::class);
    }

    /**
     * Get the way to an application provider that may know further applications.
     */
    protected function lookup(ApplicationProvider $provider): ?ApplicationLookup
    {
        return $provider::class === ConfigApplicationProvider::class ? null : $this->laravel->make(ApplicationLookup::class, [
            'provider' => $provider,
            'found' => $this->relay->know(...),
        ]);
    }

    /**
     * Get the configuration of the server; what the command line says comes first.
     *
     * @param  \Illuminate\Support\Collection<int, \Laravel\Reverb\Application>  $applications
     */
    protected function configuration(Collection $applications, bool $debug): ServerConfiguration
    {
        $options = array_filter(
            array_intersect_key($this->options(), array_flip(['host', 'port', 'path', 'hostname'])),
            fn ($value) => $value !== null && $value !== ''
        );

        $config = $this->laravel->make(Config::class);

        $server = new Section(
            'reverb.servers.reverb',
            $options + Section::of($config, 'reverb.servers')->array('reverb'),
            collect($options)->map(fn ($value, $name) => "--{$name}")->all(),
        );

        $lookups = new LookupConfiguration(Section::of($config, 'reverb.apps'), $this->lookup !== null);

        return new ServerConfiguration($server, $applications, $debug, $this->relay->wanted(), $lookups, Section::of($config, 'database.redis'));
    }

    /**
     * Get the line that says where the server listens.
     */
    protected function banner(ServerConfiguration $configuration, int $port): string
    {
        $hostname = $configuration->hostname();
        $server = $configuration->tls()->enabled() ? 'secure server' : 'server';

        return "Starting {$server} on {$configuration->host()}:{$port}{$configuration->path()}"
            .($hostname !== '' && $hostname !== $configuration->host() ? " ({$hostname})" : '');
    }
}
