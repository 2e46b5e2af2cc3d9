<?php

namespace Laravel\Reverb;

/**
 * The certificates that Laravel Herd and Laravel Valet make for the sites of this machine.
 */
class Certificate
{
    /**
     * Determine whether there is a certificate for the host of the given URL or for the given host.
     */
    public static function exists(string $url): bool
    {
        return static::resolve($url) !== null;
    }

    /**
     * Get the paths of the certificate and its key for the host of the given URL or for the given host.
     *
     * @return array{string, string}|null
     */
    public static function resolve(string $url): ?array
    {
        $host = parse_url($url, PHP_URL_HOST) ?: $url;

        foreach (static::paths() as $path) {
            if (is_file("{$path}{$host}.crt") && is_file("{$path}{$host}.key")) {
                return ["{$path}{$host}.crt", "{$path}{$host}.key"];
            }
        }

        return null;
    }

    /**
     * Get the directories that may hold certificates, the first one first.
     *
     * @return list<string>
     */
    public static function paths(): array
    {
        return [static::herdPath(), static::valetPath()];
    }

    /**
     * Get the directory of Laravel Herd's certificates.
     */
    public static function herdPath(): string
    {
        return PHP_OS_FAMILY === 'Windows'
            ? static::variable('USERPROFILE').'\\.config\\herd\\config\\valet\\Certificates\\'
            : static::variable('HOME').'/Library/Application Support/Herd/config/valet/Certificates/';
    }

    /**
     * Get the directory of Laravel Valet's certificates.
     */
    public static function valetPath(): string
    {
        return static::variable('HOME').'/.config/valet/Certificates/';
    }

    /**
     * Get a variable of the environment.
     */
    protected static function variable(string $name): string
    {
        return (string) ($_SERVER[$name] ?? getenv($name));
    }
}
