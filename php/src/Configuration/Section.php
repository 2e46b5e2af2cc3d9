<?php

namespace Laravel\Reverb\Configuration;

use Illuminate\Contracts\Config\Repository;
use Laravel\Reverb\Exceptions\InvalidServerConfiguration;

/**
 * One array of the configuration, read value by value with the type and range each must have.
 *
 * @internal
 */
class Section
{
    /**
     * The most seconds, bytes and counts that anything may have.
     */
    public const DAY = 86_400;

    public const GIGABYTE = 1_073_741_824;

    public const COUNT = 4_294_967_295;

    /**
     * Create a new section instance.
     *
     * @param  array<array-key, mixed>  $values
     * @param  array<string, string>  $names  the name to show for a value that does not come from this section
     * @param  array<string, string>  $variables  the environment variable behind a value
     */
    public function __construct(
        protected string $name,
        protected array $values,
        protected array $names = [],
        protected array $variables = [],
    ) {
        //
    }

    /**
     * Get the section of the application's configuration with the given name.
     */
    public static function of(Repository $config, string $name): static
    {
        $values = $config->get($name) ?? [];

        return is_array($values) ? new static($name, $values) : throw InvalidServerConfiguration::type($name, $values, 'an array');
    }

    /**
     * Get the full name of the given key.
     */
    public function name(string|int $key): string
    {
        return $this->names[$key] ?? "{$this->name}.{$key}";
    }

    /**
     * Get a value as it is.
     */
    public function get(string|int $key, mixed $default = null): mixed
    {
        return $this->values[$key] ?? $default;
    }

    /**
     * Determine whether a value is there and null.
     */
    public function isNull(string $key): bool
    {
        return array_key_exists($key, $this->values) && $this->values[$key] === null;
    }

    /**
     * Get an integer, which may be written as a string of digits.
     */
    public function integer(string $key, int $minimum = 0, int $maximum = PHP_INT_MAX, ?int $default = null): int
    {
        $value = $this->get($key, $default);
        $range = ['options' => ['min_range' => $minimum, 'max_range' => $maximum]];

        if ((! is_int($value) && ! is_string($value)) || ($integer = filter_var($value, FILTER_VALIDATE_INT, $range)) === false) {
            throw InvalidServerConfiguration::integer($this->name($key), $value, $minimum, $maximum);
        }

        return $integer;
    }

    /**
     * Get an integer, or null if there is none.
     */
    public function optionalInteger(string $key, int $minimum = 0, int $maximum = PHP_INT_MAX): ?int
    {
        return in_array($this->get($key), [null, ''], true) ? null : $this->integer($key, $minimum, $maximum);
    }

    /**
     * Get one of the given words.
     *
     * @param  non-empty-list<string>  $words
     */
    public function choice(string $key, array $words, string $default): string
    {
        $value = $this->get($key, $default);

        return in_array($value, $words, true) ? $value : throw InvalidServerConfiguration::choice($this->name($key), $value, $words);
    }

    /**
     * Get a text of at least one character.
     */
    public function text(string $key): string
    {
        $value = $this->get($key);

        if ($value === null || $value === '') {
            throw InvalidServerConfiguration::missing($this->name($key), $this->variables[$key] ?? null);
        }

        return $this->string($key);
    }

    /**
     * Get a text, which may be empty.
     */
    public function string(string $key, string $default = ''): string
    {
        $value = $this->get($key, $default);

        return is_string($value) || is_int($value)
            ? (string) $value
            : throw InvalidServerConfiguration::type($this->name($key), $value, 'a text');
    }

    /**
     * Get a list of texts.
     *
     * @return list<string>
     */
    public function texts(string $key): array
    {
        $value = $this->get($key);

        if (! is_array($value) || array_filter($value, fn ($item) => ! is_string($item))) {
            throw InvalidServerConfiguration::type($this->name($key), $value, 'a list of texts');
        }

        return array_values($value);
    }

    /**
     * Get an array, which may be empty.
     *
     * @return array<string, mixed>
     */
    public function array(string|int $key): array
    {
        $value = $this->get($key, []);

        return is_array($value) ? $value : throw InvalidServerConfiguration::type($this->name($key), $value, 'an array');
    }

    /**
     * Get a truth value, which may be written as a word.
     */
    public function boolean(string $key, bool $default = false): bool
    {
        $value = $this->get($key, $default);

        return filter_var($value, FILTER_VALIDATE_BOOLEAN, FILTER_NULL_ON_FAILURE)
            ?? throw InvalidServerConfiguration::type($this->name($key), $value, 'true or false');
    }

    /**
     * Get a number, which may have a fraction, or null if there is none.
     */
    public function optionalNumber(string $key, float $maximum = INF): ?float
    {
        $value = $this->get($key);

        return match (true) {
            $value === null, $value === '' => null,
            is_numeric($value) && $value >= 0 && $value <= $maximum => (float) $value,
            default => throw InvalidServerConfiguration::type(
                $this->name($key), $value, $maximum === INF ? 'a number of at least 0' : "a number from 0 to {$maximum}"
            ),
        };
    }

    /**
     * Get all values as they are.
     *
     * @return array<int|string, mixed>
     */
    public function all(): array
    {
        return $this->values;
    }

    /**
     * Get the same section with other values for some keys.
     *
     * @param  array<string, mixed>  $values
     */
    public function with(array $values): static
    {
        return new static($this->name, $values + $this->values, $this->names, $this->variables);
    }

    /**
     * Get the section below the given key.
     *
     * @param  array<string, string>  $variables
     */
    public function section(string|int $key, array $variables = []): static
    {
        return new static($this->name($key), $this->array($key), variables: $variables);
    }
}
