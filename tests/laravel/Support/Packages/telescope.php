<?php

/*
 * A stand-in for Laravel Telescope, which cannot be installed here: where it keeps what it has gathered.
 */

namespace Laravel\Telescope\Contracts {
    interface EntriesRepository {}
}

namespace Laravel\Telescope {
    use Laravel\Telescope\Contracts\EntriesRepository;

    class Telescope
    {
        /** @var list<EntriesRepository> */
        public static array $stores = [];

        public static function store(EntriesRepository $storage): void
        {
            self::$stores[] = $storage;
        }
    }
}
