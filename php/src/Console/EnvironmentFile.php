<?php

namespace Laravel\Reverb\Console;

/**
 * A .env file, changed line by line: what is not asked for stays as it is.
 *
 * @internal
 */
class EnvironmentFile
{
    /**
     * The newline of the file.
     */
    protected string $newline;

    /**
     * Create a new environment file instance.
     */
    public function __construct(protected string $content)
    {
        $this->newline = str_contains($content, "\r\n") ? "\r\n" : "\n";
    }

    /**
     * Determine whether the file gives the variable a value; a comment does not.
     */
    public function has(string $variable): bool
    {
        return preg_match($this->pattern($variable), $this->content) === 1;
    }

    /**
     * Append the variables that are missing, after one empty line.
     *
     * @param  list<array<string, string>>  $blocks
     */
    public function append(array $blocks): static
    {
        $missing = [];

        foreach ($blocks as $block) {
            $lines = array_filter($block, fn ($variable) => ! $this->has($variable), ARRAY_FILTER_USE_KEY);

            if ($lines !== []) {
                $missing[] = implode($this->newline, array_map(fn ($name, $value) => "{$name}={$value}", array_keys($lines), $lines));
            }
        }

        if ($missing !== []) {
            $before = rtrim($this->content, "\r\n");
            $gap = $before === '' ? '' : $before.str_repeat($this->newline, 2);
            $this->content = $gap.implode(str_repeat($this->newline, 2), $missing).$this->newline;
        }

        return $this;
    }

    /**
     * Give those of the variables a value that the file has without one.
     *
     * @param  array<string, string>  $values
     */
    public function fill(array $values): static
    {
        foreach ($values as $variable => $value) {
            $this->content = preg_replace_callback(
                $this->pattern($variable, '[ \t]*(?:""|\'\')?(?:[ \t]+#[^\r\n]*)?[ \t]*(?=\r?$)'), fn ($match) => $match[1].$value, $this->content
            );
        }

        return $this;
    }

    /**
     * Give a variable that the file has another value.
     */
    public function replace(string $variable, string $value): static
    {
        $this->content = preg_replace_callback(
            $this->pattern($variable), fn ($match) => $match[1].$value, $this->content
        );

        return $this;
    }

    /**
     * Get the content of the file.
     */
    public function content(): string
    {
        return $this->content;
    }

    /**
     * Get the pattern of a line that sets the given variable, to a value of the given pattern.
     */
    protected function pattern(string $variable, string $value = '[^\r\n]*'): string
    {
        return '/^((?:\xEF\xBB\xBF)?[ \t]*(?:export[ \t]+)?'.preg_quote($variable, '/')."[ \t]*=){$value}/m";
    }
}
