<?php

namespace Laravel\Reverb\Loggers;

use Illuminate\Console\OutputStyle;
use Illuminate\Support\Str;
use Laravel\Reverb\Contracts\Logger;
use Symfony\Component\Console\Terminal;

class CliLogger implements Logger
{
    /**
     * The number of characters of a message that are shown.
     */
    protected const MESSAGE_LIMIT = 200;

    /**
     * The columns of the widest line, as the framework's console components have them.
     */
    protected const WIDEST = 150;

    /**
     * The columns of a line of information.
     */
    protected int $width;

    /**
     * What begins and what ends grey text; formatting each line anew would take longer than all else.
     *
     * @var array{string, string}
     */
    protected array $grey;

    /**
     * Create a new logger instance.
     */
    public function __construct(protected OutputStyle $output)
    {
        $this->width = min((new Terminal)->getWidth(), self::WIDEST);
        $this->grey = explode('|', (string) $output->getFormatter()->format('<fg=gray>|</>')) + ['', ''];
    }

    /**
     * Log a line of information.
     *
     * It looks like a two-column detail of the framework, which asks the system for the width of the terminal each time.
     */
    public function info(string $title, ?string $message = null): void
    {
        [$title, $message] = [$this->printable($title), $this->printable((string) $message)];
        $end = $message === '' ? '' : " {$message}";
        $dots = str_repeat('.', max($this->width - 5 - mb_strwidth($title.$end), 0));

        $this->write("  {$title} {$this->grey($dots)}{$end}  ".PHP_EOL);
    }

    /**
     * Log an error.
     */
    public function error(string $message): void
    {
        $this->output->error($this->printable($message));
    }

    /**
     * Log a message that was sent to or received from a client.
     */
    public function message(string $message): void
    {
        $text = Str::limit($this->printable($this->format($message)), self::MESSAGE_LIMIT);
        $lines = [''];

        foreach (explode("\n", $text) as $index => $line) {
            $lines[] = sprintf('  %s %s', $this->grey(sprintf('%3d▕', $index + 1)), $line);
        }

        $this->write(implode(PHP_EOL, [...$lines, '', '']));
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
     * Write a text as it is, whatever a client has put into it.
     */
    protected function write(string $text): void
    {
        $this->output->write($text, options: OutputStyle::OUTPUT_RAW);
    }

    /**
     * Make the given text grey.
     */
    protected function grey(string $text): string
    {
        return $this->grey[0].$text.$this->grey[1];
    }

    /**
     * Take out what a terminal would obey instead of showing it.
     */
    protected function printable(string $text): string
    {
        return preg_replace('/(?!\n)\p{Cc}/u', '�', mb_scrub($text, 'UTF-8'));
    }

    /**
     * Decode the given value if it is JSON in a string.
     */
    protected function decode(mixed $value): mixed
    {
        return is_string($value) ? json_decode($value) ?? $value : $value;
    }
}
