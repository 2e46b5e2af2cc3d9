<?php

namespace Laravel\Reverb\Tests\Laravel\Support;

use Closure;
use Generator;
use Laravel\Reverb\Native\Contracts\NativeServer;
use Laravel\Reverb\Native\Extension;
use Laravel\Reverb\Native\ExtensionServer;
use Reverb\Server;
use RuntimeException;

/**
 * The extension, with a script that goes on by a step whenever the command asks for notices.
 */
class DrivenEngine extends Extension
{
    /**
     * @param  \Closure(int): \Generator  $script  Given the port.
     * @param  \Closure(): void  $end  Called after the last step.
     */
    public function __construct(private Closure $script, private Closure $end)
    {
        //
    }

    public function startServer(array $configuration): NativeServer
    {
        $server = Server::start($configuration);

        return new class($server, ($this->script)($server->port()), $this->end) extends ExtensionServer
        {
            private int $deadline;

            public function __construct(Server $server, private Generator $steps, private Closure $end)
            {
                parent::__construct($server);

                $this->deadline = hrtime(true) + 60_000_000_000;
            }

            public function poll(int $timeout): array
            {
                if ($timeout === 0) {
                    return parent::poll(0);
                }

                if (hrtime(true) > $this->deadline) {
                    throw new RuntimeException('The script never came to its end.');
                }

                $this->steps->valid() ? $this->steps->next() : ($this->end)();

                return parent::poll($this->steps->valid() ? 20 : 0);
            }
        };
    }
}
