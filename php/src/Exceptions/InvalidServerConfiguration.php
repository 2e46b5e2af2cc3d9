<?php

namespace Laravel\Reverb\Exceptions;

use Illuminate\Support\Str;
use RuntimeException;

class InvalidServerConfiguration extends RuntimeException
{
    /**
     * The characters of a value that are shown.
     */
    protected const SHOWN = 200;

    /**
     * Create an exception for a value that is missing or empty.
     */
    public static function missing(string $key, ?string $variable = null): static
    {
        return new static("[{$key}] is missing or empty: ".($variable
            ? "set {$variable} in the environment (\"php artisan reverb:install\" does)"
            : 'it must be a text of at least one character'));
    }

    /**
     * Create an exception for a number that is none or is out of range.
     */
    public static function integer(string $key, mixed $value, int $minimum, int $maximum): static
    {
        $range = $maximum === PHP_INT_MAX ? "of at least {$minimum}" : "from {$minimum} to {$maximum}";

        return new static("[{$key}] must be an integer {$range}, not ".static::show($value));
    }

    /**
     * Create an exception for a value of a wrong type.
     */
    public static function type(string $key, mixed $value, string $expected): static
    {
        return new static("[{$key}] must be {$expected}, not ".static::show($value));
    }

    /**
     * Create an exception for a word that is not among those there are.
     *
     * @param  non-empty-list<string>  $words
     */
    public static function choice(string $key, mixed $value, array $words): static
    {
        $words = array_map(static::show(...), $words);
        $last = array_pop($words);

        return static::type($key, $value, $words === [] ? $last : implode(', ', $words)." or {$last}");
    }

    /**
     * Create an exception for a driver that neither this package nor the application has.
     */
    public static function driver(string $key, mixed $value, string $default, string $manager): static
    {
        return static::type($key, $value, "\"{$default}\" or a name that was given to {$manager}::extend()");
    }

    /**
     * Create an exception for a URL, which is not shown, as it may have a password in it.
     */
    public static function url(string $key, string $expected): static
    {
        return new static("[{$key}] must be a URL that begins with {$expected}");
    }

    /**
     * Create an exception for a host that is not an IP address.
     */
    public static function host(string $key, mixed $value): static
    {
        return static::type($key, $value, 'an IP address such as 0.0.0.0, 127.0.0.1 or [::1]');
    }

    /**
     * Create an exception for two applications with the same key or ID.
     */
    public static function duplicate(string $key, string $other): static
    {
        return new static("[{$key}] has the same value as [{$other}]: it must be unique");
    }

    /**
     * Create an exception for a server without an application.
     */
    public static function withoutApplications(): static
    {
        return new static('[reverb.apps.apps] has no application: add at least one with its app_id, key and secret');
    }

    /**
     * Create an exception for something this version does not offer.
     */
    public static function unsupported(string $key, string $remedy): static
    {
        return new static("[{$key}] is not supported by this version: {$remedy}");
    }

    /**
     * Describe the given value.
     */
    protected static function show(mixed $value): string
    {
        $value = is_string($value) ? Str::limit($value, self::SHOWN) : $value;

        return is_scalar($value) ? json_encode($value, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PARTIAL_OUTPUT_ON_ERROR) : get_debug_type($value);
    }
}
