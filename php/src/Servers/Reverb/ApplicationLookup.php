<?php

namespace Laravel\Reverb\Servers\Reverb;

use Closure;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Laravel\Reverb\Application;
use Laravel\Reverb\Contracts\ApplicationProvider;
use Laravel\Reverb\Contracts\Logger;
use Laravel\Reverb\Exceptions\InvalidApplication;
use Laravel\Reverb\Native\Contracts\NativeServer;
use Throwable;

/**
 * Answers the native server which application has a key or an ID, by asking the application provider.
 *
 * @internal
 */
class ApplicationLookup
{
    /**
     * The nanoseconds for which a failure is not reported again.
     */
    protected const SILENCE = 60_000_000_000;

    /**
     * When each kind of failure was reported, in nanoseconds.
     *
     * @var array<string, int>
     */
    protected array $reported = [];

    /**
     * Create a new application lookup instance.
     *
     * @param  \Closure(\Laravel\Reverb\Application): void  $found  Told of each application that is found.
     */
    public function __construct(
        protected ApplicationProvider $provider,
        protected ExceptionHandler $exceptions,
        protected Logger $logger,
        protected Closure $found,
    ) {
        //
    }

    /**
     * Answer the next question, and determine whether there was one.
     */
    public function next(NativeServer $server): bool
    {
        if (! $question = $server->question()) {
            return false;
        }

        ['by' => $by, 'name' => $name] = $question;

        try {
            $server->answer($by, $name, $this->find($by, $name));
        } catch (Throwable $e) {
            $server->unanswered($by, $name);
            $this->report($e, "{$by} [{$name}]");
        }

        return true;
    }

    /**
     * Find the application with this key or ID, as the native server takes it.
     *
     * @return array<string, mixed>|null
     */
    protected function find(string $by, string $name): ?array
    {
        try {
            $application = $by === 'key' ? $this->provider->findByKey($name) : $this->provider->findById($name);
        } catch (InvalidApplication) {
            return null;
        }

        // A database may compare without case, and then this is another application...
        if ($name !== ($by === 'key' ? $application->key() : $application->id())) {
            return null;
        }

        $configuration = new ApplicationConfiguration($application, "application {$application->id()}");

        return tap($configuration->toArray(), fn () => ($this->found)($application));
    }

    /**
     * Report a failure, which many questions may share, once a minute.
     */
    protected function report(Throwable $e, string $question): void
    {
        try {
            $this->logger->error("The application provider failed for {$question}: {$e->getMessage()}");

            // The message may name what was asked for, so that it is another one each time...
            $failure = implode(' ', [$e::class, $e->getFile(), $e->getLine(), $e->getCode()]);

            if (hrtime(true) - ($this->reported[$failure] ?? -self::SILENCE) < self::SILENCE) {
                return;
            }

            $this->reported[$failure] = hrtime(true);
            $this->exceptions->report($e);
        } catch (Throwable) {
            // There is nobody left to tell, and others wait for their answers...
        }
    }
}
