<?php

namespace Laravel\Reverb\Exceptions;

use RuntimeException;

class ExtensionNotLoaded extends RuntimeException
{
    /**
     * Create a new exception instance.
     */
    public function __construct()
    {
        parent::__construct(
            'The PHP extension "reverb" is not loaded: run "phpize && ./configure && make && make install" in vendor/reverb-php/reverb, '.
            'then add "extension=reverb" to the php.ini that "php --ini" names (php-fpm has its own)'
        );
    }
}
