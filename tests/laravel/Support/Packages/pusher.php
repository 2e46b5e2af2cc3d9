<?php

/*
 * Stand-ins for the Pusher SDK 7.2 and the Guzzle it brings, which cannot be installed here: what they were created with.
 */

namespace GuzzleHttp {
    class Client
    {
        public function __construct(public array $config = []) {}
    }
}

namespace Pusher {
    class Pusher
    {
        public function __construct(
            public string $key,
            public string $secret,
            public string $appId,
            public array $options = [],
            public ?\GuzzleHttp\Client $client = null,
        ) {}
    }
}
