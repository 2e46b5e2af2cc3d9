<?php

namespace Laravel\Reverb\Loggers;

use Illuminate\Console\OutputStyle;
use Illuminate\Console\View\Components\Factory;
use Illuminate\Support\Str;
use Laravel\Reverb\Contracts\Logger;
use Symfony\Component\Console\Formatter\OutputFormatter;

class CliLogger implements Logger
{
    /**
     * The number of characters of a message that are shown.
     */
    protected const MESSAGE_LIMIT = 200;

    /**
     * The console components.
     */
    protected Factory $components;

    /**
     * Create a new logger instance.
     */
    public function __construct(protected OutputStyle $output)
    {
        $this->components = new Factory($output);
    }

    /**
     * Log a line of information.
     */
    public function info(string $title, ?string $message = null): void
    {
        $this->components->twoColumnDetail(
            OutputFormatter::escape($title), OutputFormatter::escape((string) $message)
        );
    }

    /**
     * Log an error.
     */
    public function error(string $message): void
    {
        $this->output->error($message);
    }

    /**
     * Log a message that was sent to or received from a client.
     */
    public function message(string $message): void
    {
        $text = Str::limit($this->format($message), self::MESSAGE_LIMIT);

        $this->line();

        foreach (explode("\n", $text) as $index => $line) {
            $this->output->writeln(sprintf('  <fg=gray>%3d▕</> %s', $index + 1, OutputFormatter::escape($line)));
        }

        $this->line();
    }

    /**
     * Append new lines to the log.
     */
    public function line(int $lines = 1): void
    {
        $this->output->newLine($lines);
    }

    /**
     * Format the given message, which may be no JSON at all.
     */
    protected function format(string $message): string
    {
        $content = json_decode($message);

        if (! is_object($content)) {
            return $message;
        }

        $content->data = $this->decode($content->data ?? null);

        if (is_object($content->data) && isset($content->data->channel_data)) {
            $content->data->channel_data = $this->decode($content->data->channel_data);
        }

        return json_encode(
            array_filter((array) $content, fn ($value) => $value !== null),
            JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE
        );
    }

    /**
     * Decode the given value if it is JSON in a string.
     */
    protected function decode(mixed $value): mixed
    {
        return is_string($value) ? json_decode($value) ?? $value : $value;
    }
}
