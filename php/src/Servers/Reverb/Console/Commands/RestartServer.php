<?php

namespace Laravel\Reverb\Servers\Reverb\Console\Commands;

use Illuminate\Console\Command;
use Laravel\Reverb\Servers\Reverb\RestartSignal;
use Symfony\Component\Console\Attribute\AsCommand;

#[AsCommand(name: 'reverb:restart')]
class RestartServer extends Command
{
    /**
     * The name and signature of the console command.
     *
     * @var string
     */
    protected $signature = 'reverb:restart';

    /**
     * The console command description.
     *
     * @var string
     */
    protected $description = 'Restart the Reverb server';

    /**
     * Execute the console command.
     */
    public function handle(RestartSignal $restart): void
    {
        $restart->send();

        $this->components->info('Broadcasting Reverb restart signal.');
    }
}
