<?php

namespace Laravel\Reverb\Console\Commands;

use Illuminate\Console\Command;
use Illuminate\Contracts\Config\Repository;
use Laravel\Reverb\Broadcasting\PublisherOptions;
use Laravel\Reverb\Native\Contracts\Engine;
use RuntimeException;
use Symfony\Component\Console\Attribute\AsCommand;

#[AsCommand(name: 'reverb:ping')]
class PingCommand extends Command
{
    /**
     * The number of round trips of which the fastest is shown.
     */
    protected const ROUNDS = 5;

    /**
     * The name and signature of the console command.
     *
     * @var string
     */
    protected $signature = 'reverb:ping {connection? : The broadcasting connection to try, instead of all}';

    /**
     * The console command description.
     *
     * @var string
     */
    protected $description = 'Show the way that broadcasts of this process take to the Reverb server';

    /**
     * Execute the console command.
     */
    public function handle(Engine $engine, Repository $config): int
    {
        $all = $this->connections($config);
        $name = $this->argument('connection');
        $connections = $name === null ? $all : array_intersect_key($all, [$name => true]);

        if ($connections === []) {
            $this->components->error($all === []
                ? 'There is no broadcasting connection with the driver [reverb]: run "php artisan reverb:install".'
                : "There is no broadcasting connection [{$name}] with the driver [reverb], but there is [".implode('], [', array_keys($all)).'].');

            return self::FAILURE;
        }

        $failures = 0;

        foreach ($connections as $name => $connection) {
            $failures += $this->ping($engine, $name, $connection, $config->get('reverb.servers.reverb.socket')) ? 0 : 1;
        }

        return $failures === 0 ? self::SUCCESS : self::FAILURE;
    }

    /**
     * Get the connections that go through Reverb.
     *
     * @return array<string, array<string, mixed>>
     */
    protected function connections(Repository $config): array
    {
        return array_filter(
            $config->get('broadcasting.connections') ?? [],
            fn ($connection) => is_array($connection) && ($connection['driver'] ?? null) === 'reverb'
        );
    }

    /**
     * Show the way of one connection and its round trip, or why there is none.
     *
     * @param  array<string, mixed>  $connection
     */
    protected function ping(Engine $engine, string $name, array $connection, ?string $socket): bool
    {
        try {
            // Whatever the connection says, a round trip is waited for...
            $publisher = $engine->publisher(['acknowledge' => true] + (new PublisherOptions($connection, $socket, $name))->toArray());
            $connections = $publisher->stats()['connections'];
            $fastest = INF;

            for ($round = 0; $round < self::ROUNDS; $round++) {
                $begin = hrtime(true);
                $publisher->publish(['reverb-ping'], 'ping', '{}');
                $fastest = min($fastest, hrtime(true) - $begin);
            }
        } catch (RuntimeException $e) {
            $this->components->twoColumnDetail($name, '<fg=red;options=bold>FAILED</>');
            $this->line("  {$e->getMessage()}");

            return false;
        }

        $this->components->twoColumnDetail($name, sprintf(
            '%s, %.3f ms, %d %s', $publisher->route(), $fastest / 1e6, $connections, $connections === 1 ? 'client' : 'clients'
        ));

        return true;
    }
}
