<?php

namespace Laravel\Reverb\Tests\Laravel\Support;

use PHPUnit\Framework\Assert;
use Symfony\Component\Process\Process;

/**
 * An Artisan command that runs in a process of its own.
 */
class Artisan
{
    private Process $process;

    /**
     * The seconds for which each wait may last: only what hangs reaches that, on a busy machine too.
     */
    private int $patience = 60;

    /**
     * @param  list<string>  $arguments
     * @param  array<string, string|false>  $environment
     * @param  list<string>  $launcher  a program that starts the command, as "nohup" does
     */
    public function __construct(array $arguments, array $environment, string $folder, array $launcher = [])
    {
        $this->process = new Process(
            [...$launcher, PHP_BINARY, 'artisan', ...$arguments, '--no-ansi', '--no-interaction'], $folder, $environment
        );
        $this->process->start();
    }

    /**
     * Let each wait last for longer, in seconds.
     */
    public function allow(int $patience): static
    {
        $this->patience = $patience;

        return $this;
    }

    /**
     * Wait until the output matches, and return the first group of the match.
     */
    public function waitFor(string $pattern): string
    {
        $match = [];
        $matches = function () use ($pattern, &$match): bool {
            return preg_match($pattern, $this->process->getOutput(), $match) === 1;
        };

        Assert::assertTrue($this->becomes($matches), "The output never matched {$pattern}:\n".$this->output());

        return $match[1] ?? $match[0];
    }

    /**
     * Wait until what it writes to its standard error matches.
     */
    public function waitForError(string $pattern): void
    {
        $matches = fn (): bool => preg_match($pattern, $this->process->getErrorOutput()) === 1;

        Assert::assertTrue($this->becomes($matches), "The errors never matched {$pattern}:\n".$this->output());
    }

    /**
     * Wait for the end and return the exit code.
     */
    public function wait(): int
    {
        // The process' own time limit counts from its start...
        $this->process->setTimeout(microtime(true) - $this->process->getStartTime() + $this->patience);

        return $this->process->wait();
    }

    public function signal(int $signal): static
    {
        $this->process->signal($signal);

        return $this;
    }

    public function pid(): int
    {
        return $this->process->getPid();
    }

    public function isRunning(): bool
    {
        return $this->process->isRunning();
    }

    /**
     * Get everything the command has written, without the spaces at the ends of its lines.
     */
    public function output(): string
    {
        return trim(preg_replace('/ +$/m', '', $this->process->getOutput().$this->process->getErrorOutput()));
    }

    public function port(): int
    {
        return (int) $this->waitFor('/Starting (?:secure )?server on [^:]+:(\d+)/');
    }

    public function kill(): void
    {
        $this->process->stop(0);
    }

    /**
     * Wait until the condition holds, or the command has ended, or too much time has passed.
     *
     * The process' own waitUntil() asks only when something new was written, and what asking whether it runs has read is not new.
     *
     * @param  callable(): bool  $condition
     */
    private function becomes(callable $condition): bool
    {
        $deadline = microtime(true) + $this->patience;

        while (! $condition()) {
            if (! $this->process->isRunning() || microtime(true) > $deadline) {
                return $condition();
            }

            usleep(1_000);
        }

        return true;
    }
}
